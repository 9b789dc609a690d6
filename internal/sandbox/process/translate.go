package process

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// names maps the paths that a sandbox has elsewhere to what they are called here, where nothing can be mounted.
type names [][2]string

func newNames(dir, init string, mounts []sandbox.Mount) names {
	n := names{{"/work", dir + "/work"}, {"/tmp", dir + "/tmp"}, {"/var/tmp", dir + "/tmp"}, {"/home/sandbox", dir + "/tmp/home"}, {"/.qlp/init", init}}
	for _, m := range mounts {
		if m.Path != m.HostPath {
			n = append(n, [2]string{m.Path, m.HostPath})
		}
	}
	// The longest first: one may lie below another.
	slices.SortStableFunc(n, func(a, b [2]string) int { return len(b[0]) - len(a[0]) })
	return n
}

// in rewrites every such path in a word, wherever one begins: a whole word, a list with colons, the text of a shell command.
// What a program reads from files is out of reach.
func (n names) in(word string) string {
	var out strings.Builder
	for i := 0; i < len(word); {
		from, to := n.at(word, i)
		if from == "" {
			out.WriteByte(word[i])
			i++
			continue
		}
		out.WriteString(to)
		i += len(from)
	}
	return out.String()
}

func (n names) at(word string, i int) (from, to string) {
	if word[i] != '/' || i > 0 && (inPath(word[i-1]) || word[i-1] == '/') {
		return "", ""
	}
	for _, pair := range n {
		rest, ok := strings.CutPrefix(word[i:], pair[0])
		if ok && (rest == "" || !inPath(rest[0])) {
			return pair[0], pair[1]
		}
	}
	return "", ""
}

// inPath says whether c belongs to the name of a file as people write them.
func inPath(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("_.-+@~", c) >= 0 || c >= 0x80
}

// checkMounts fills in empty paths and refuses those that would open another sandbox's files.
func checkMounts(mounts []sandbox.Mount, places string) ([]sandbox.Mount, error) {
	out := make([]sandbox.Mount, 0, len(mounts))
	for _, m := range mounts {
		if m.Path == "" {
			m.Path = m.HostPath
		}
		if !filepath.IsAbs(m.HostPath) || filepath.Clean(m.Path) != m.Path || !filepath.IsAbs(m.Path) || m.Path == "/" {
			return nil, qlp.Errorf(qlp.Invalid, "mount %s at %s: both paths must be absolute and clean", m.HostPath, m.Path)
		}
		for _, f := range []string{"/work", "/tmp", "/proc", "/dev", "/sys", "/etc", "/run", "/.qlp", "/home/sandbox", "/var"} {
			if m.Path == f || strings.HasPrefix(m.Path, f+"/") || strings.HasPrefix(f, m.Path+"/") {
				return nil, qlp.Errorf(qlp.Invalid, "mount %s at %s: %s belongs to the sandbox", m.HostPath, m.Path, f)
			}
		}
		at, err := filepath.EvalSymlinks(m.HostPath)
		if err == nil {
			_, err = os.Stat(at)
		}
		if err != nil {
			return nil, qlp.Errorf(qlp.Invalid, "mount %s: %w", m.HostPath, err)
		}
		if at == "/" || at == places || strings.HasPrefix(places, at+"/") || strings.HasPrefix(at, places+"/") {
			return nil, qlp.Errorf(qlp.Invalid, "mount %s: other sandboxes' files are there", m.HostPath)
		}
		out = append(out, m)
	}
	return out, nil
}
