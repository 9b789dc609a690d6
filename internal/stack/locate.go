package stack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// probeTime bounds one question to a tool. A version manager may start a second program before it answers.
const probeTime = 20 * time.Second

// systemPath is what every sandbox has without a mount.
func systemPath() []string { return []string{"/usr/local/bin", "/usr/bin", "/bin"} }

// Toolchain is where a stack's tools are on this machine, and how a sandbox gets to see them.
type Toolchain struct {
	Mounts   []Mount           // read-only, each host path at the same path inside where that can be; what the system folder /usr holds needs none
	Path     string            // PATH inside the sandbox
	Env      map[string]string // the stack's environment and PATH
	Versions map[string]string // tool → version: go → 1.26.0
	Missing  []Missing         // optional tools that are not here
}

// Mount is a read-only view of a host path inside the sandbox.
type Mount struct {
	HostPath string
	Path     string
}

// Missing is an optional tool that is not on this machine, or is too old.
type Missing struct {
	Name   string
	Reason string
	Remedy string
}

// Locate asks the stack's tools on this machine for their version and their folder. A required tool that is not here, does
// not answer, or is too old is an unavailable error with the remedy; an optional one is listed as missing. It takes some
// tens of milliseconds a tool; the answer holds as long as nobody installs anything, so the caller may keep it.
func Locate(ctx context.Context, st qlp.Stack) (Toolchain, error) {
	tc := Toolchain{Versions: map[string]string{}, Env: map[string]string{}}
	var dirs []string
	for _, t := range st.Tools {
		found, err := locate(ctx, t)
		if ctx.Err() != nil {
			return Toolchain{}, context.Cause(ctx)
		}
		if err != nil && !t.Optional {
			return Toolchain{}, qlp.Errorf(qlp.Unavailable, "the stack %s needs %s: %w", st.Name, t.Name, err).WithRemedy("%s", t.Remedy)
		}
		if err != nil {
			tc.Missing = append(tc.Missing, Missing{Name: t.Name, Reason: err.Error(), Remedy: t.Remedy})
			continue
		}
		tc.Versions[t.Name] = found.version
		if found.mount != "" {
			m := Mount{HostPath: found.mount, Path: found.inside}
			if !slices.Contains(tc.Mounts, m) {
				tc.Mounts = append(tc.Mounts, m)
			}
		}
		if found.bin != "" && !slices.Contains(dirs, found.bin) {
			dirs = append(dirs, found.bin)
		}
	}
	for _, d := range systemPath() {
		if !slices.Contains(dirs, d) {
			dirs = append(dirs, d)
		}
	}
	tc.Path = strings.Join(dirs, ":")
	for k, v := range st.Env {
		tc.Env[k] = v
	}
	tc.Env["PATH"] = tc.Path
	return tc, nil
}

type location struct {
	version string
	mount   string // "" where the system folder has it
	inside  string // where the sandbox sees it
	bin     string // folder for the PATH, inside
}

func locate(ctx context.Context, t qlp.Tool) (location, error) {
	text, err := ask(ctx, t.Version)
	if err != nil {
		return location{}, err
	}
	loc := location{version: versionIn(text)}
	if loc.version == "" {
		return location{}, fmt.Errorf("%s printed no version: %.80q", strings.Join(t.Version, " "), text)
	}
	if t.Minimum != "" && compareVersions(loc.version, t.Minimum) < 0 {
		return location{}, fmt.Errorf("version %s is older than %s", loc.version, t.Minimum)
	}
	root, err := rootOf(ctx, t)
	if err != nil {
		return location{}, err
	}
	info, err := os.Stat(root)
	if err != nil {
		return location{}, fmt.Errorf("look at the folder of %s: %w", t.Name, err)
	}
	loc.mount, loc.inside = root, insidePath(t.Name, root)
	switch {
	case !info.IsDir(): // a single program is seen alone, without what lies beside it
		loc.bin = filepath.Dir(loc.inside)
	case isDir(filepath.Join(root, "bin")):
		loc.bin = filepath.Join(loc.inside, "bin")
	default:
		loc.bin = loc.inside
	}
	if inSystem(loc.mount) {
		loc.mount = ""
	}
	return loc, nil
}

// rootOf returns the real path of what must be mounted. Version managers put scripts on the PATH that are no use inside
// a sandbox, so a tool is asked for its own folder where it can be.
func rootOf(ctx context.Context, t qlp.Tool) (string, error) {
	var root string
	if len(t.Root) > 0 {
		text, err := ask(ctx, t.Root)
		if err != nil {
			return "", err
		}
		root = strings.TrimSpace(text)
	} else {
		found, err := exec.LookPath(t.Version[0])
		if err != nil {
			return "", fmt.Errorf("%s is not on the PATH", t.Version[0])
		}
		root = found
	}
	target, err := filepath.EvalSymlinks(root)
	if err != nil || !filepath.IsAbs(target) {
		return "", fmt.Errorf("%s says that it is in %.120q, which is no folder here", t.Name, root)
	}
	return target, nil
}

// insidePath returns where a sandbox shows a tool: at its own path, because a toolchain may have that compiled in, unless
// the path lies in a place that a sandbox needs for itself.
func insidePath(name, hostPath string) string {
	for _, taken := range []string{"/work", "/tmp", "/proc", "/dev", "/sys", "/etc", "/run", "/.qlp", "/home/sandbox", "/var"} {
		if hostPath == taken || strings.HasPrefix(hostPath, taken+"/") {
			return path.Join("/opt/qlp", name, filepath.Base(hostPath))
		}
	}
	return hostPath
}

// ask runs a tool outside any project, so that no file there decides what it answers. What only says that time went by is asked again: a process
// that was stopped for a while, or a machine that was, finds every deadline past when it goes on, and the tool is there all the same.
func ask(ctx context.Context, argv []string) (out string, err error) {
	for range asks {
		out, err = askOnce(ctx, argv)
		if ctx.Err() != nil || !errors.Is(err, exec.ErrWaitDelay) && !errors.Is(err, errNoAnswer) {
			return out, err
		}
	}
	return out, err
}

// asks is how often a tool is asked that does not answer in time.
const asks = 2

var errNoAnswer = errors.New("no answer in time")

func askOnce(ctx context.Context, argv []string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, probeTime, errNoAnswer)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // the stack's own data, not a caller's words
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("%s is not on the PATH", argv[0])
	case ctx.Err() != nil:
		return "", fmt.Errorf("ask %s: %w", argv[0], context.Cause(ctx))
	case err != nil:
		return "", fmt.Errorf("%s: %w: %.200s", strings.Join(argv, " "), err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}

// inSystem reports whether a sandbox sees path anyway. A folder of its own below /usr is mounted all the same, because a
// driver may bring another system than this machine's; /usr itself must not be, as it would hide that system.
func inSystem(path string) bool {
	return slices.Contains([]string{"/", "/usr", "/usr/local", "/bin", "/usr/bin"}, path) ||
		slices.Contains(systemPath(), filepath.Dir(path))
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
