package docker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/moby/moby/client"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/owner"
	"github.com/quantumlayer/qlp/internal/sandbox/seccomp"
)

// The labels of a container. The reaper goes by them.
const (
	labelID    = "qlp.id"
	labelOwner = "qlp.owner"
	labelBoot  = "qlp.boot"
)

const (
	gvisor         = "runsc" // the runtime's name by gVisor's own documentation
	connectTimeout = 10 * time.Second
	imagesRemedy   = "build the images with `make sandbox-images`, or name one with its digest in the setting docker_images"
)

// Config is the driver's. Images are needed.
type Config struct {
	// Host is the engine's address; empty means DOCKER_HOST and the variables beside it, or the usual socket.
	Host string
	// Images are by stack, each an image id or a name with its digest; "" is the one for commands without a stack.
	Images map[string]string
	// Runtime is the engine's runtime; empty means the engine's default, and gVisor's, if the engine lists it, for whoever asks for
	// as strong a wall.
	Runtime string
}

// Driver makes sandboxes out of containers.
type Driver struct {
	log      *slog.Logger
	api      *client.Client
	images   map[string]string
	runtime  string
	level    sandbox.Level
	engine   string
	server   string // the engine's name and version
	gvisor   bool   // it lists gVisor's runtime
	profile  string
	sequence atomic.Int64

	mu     sync.Mutex
	closed bool
	making sync.WaitGroup
	alive  map[*container]bool
	work   sync.WaitGroup
}

var _ sandbox.Driver = (*Driver)(nil)

// New speaks to the engine, and removes what processes of this machine that are gone have left there.
func New(ctx context.Context, log *slog.Logger, cfg Config) (*Driver, error) {
	if err := checkImages(cfg.Images); err != nil {
		return nil, err
	}
	opts := []client.Opt{client.FromEnv}
	if cfg.Host != "" {
		opts = []client.Opt{client.WithHost(cfg.Host)}
	}
	api, err := client.New(opts...)
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "use the container engine: %w", err).WithRemedy("correct DOCKER_HOST, or the setting docker_host")
	}
	d := &Driver{log: log.With("room", "sandbox", "driver", "docker"), api: api, images: maps.Clone(cfg.Images), alive: map[*container]bool{}}
	if err := d.meet(ctx, cfg.Runtime); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	if err := d.reap(ctx); err != nil {
		return nil, errors.Join(err, api.Close())
	}
	return d, nil
}

// checkImages refuses names whose content may change from one run to the next.
func checkImages(images map[string]string) error {
	if len(images) == 0 {
		return qlp.Errorf(qlp.Invalid, "no image is named for the sandboxes").WithRemedy(imagesRemedy)
	}
	for _, st := range slices.Sorted(maps.Keys(images)) {
		_, digest, named := strings.Cut(images[st], "@")
		if !named {
			digest = images[st]
		}
		if hex, ok := strings.CutPrefix(digest, "sha256:"); !ok || len(hex) != 64 || strings.Trim(hex, "0123456789abcdef") != "" {
			return qlp.Errorf(qlp.Invalid, "the image %.100q for stack %q is not named by its digest", images[st], st).WithRemedy(imagesRemedy)
		}
	}
	return nil
}

// meet asks the engine what it is and can do.
func (d *Driver) meet(ctx context.Context, wanted string) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	got, err := d.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return unreachable(err)
	}
	info := got.Info
	if info.OSType != "linux" {
		return qlp.Errorf(qlp.Unavailable, "the container engine runs %.20q containers", info.OSType).WithRemedy("use an engine on Linux")
	}
	_, d.gvisor = info.Runtimes[gvisor]
	if wanted != "" {
		if _, ok := info.Runtimes[wanted]; !ok {
			return qlp.Errorf(qlp.Invalid, "the container engine has no runtime %.40q", wanted).
				WithRemedy("choose one of: %s", strings.Join(slices.Sorted(maps.Keys(info.Runtimes)), ", "))
		}
	}
	d.runtime = wanted
	name := cmp.Or(wanted, info.DefaultRuntime)
	d.level, d.server = levelOf(name), "docker "+info.ServerVersion
	d.engine = fmt.Sprintf("%s (%s)", d.server, name)
	arch := map[string]string{"x86_64": "amd64", "aarch64": "arm64"}[info.Architecture]
	if arch == "" {
		arch = runtime.GOARCH
	}
	profile, err := seccomp.Profile(arch)
	if err != nil {
		return qlp.Errorf(qlp.Unavailable, "%w", err)
	}
	d.profile = string(profile)
	return nil
}

func levelOf(runtime string) sandbox.Level {
	switch {
	case runtime == gvisor:
		return sandbox.LevelGVisor
	case strings.HasPrefix(runtime, "kata"):
		return sandbox.LevelVM
	}
	return sandbox.LevelNamespaces
}

func unreachable(err error) error {
	return qlp.Errorf(qlp.Unavailable, "the container engine does not answer: %w", err).
		WithRemedy("start it (`systemctl start docker`), see that this user may use its socket, or name another with DOCKER_HOST or the setting docker_host")
}

// reap removes containers whose makers are gone. Those of other machines are not judged.
func (d *Driver) reap(ctx context.Context) error {
	boot := owner.Boot()
	if boot == "" {
		return nil
	}
	list, err := d.api.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", labelBoot+"="+boot)})
	if err != nil {
		return unreachable(err)
	}
	for _, c := range list.Items {
		if !owner.Orphaned(c.Labels[labelOwner]) {
			continue
		}
		if err := d.remove(ctx, c.ID); err != nil {
			return fmt.Errorf("remove a container that was left: %w", err)
		}
		d.log.InfoContext(ctx, "Container of a killed process removed", "sandbox", c.Labels[labelID])
	}
	return nil
}

// Name implements sandbox.Driver.
func (d *Driver) Name() string { return "docker" }

// Capabilities implements sandbox.Driver. It makes one sandbox and runs one program.
func (d *Driver) Capabilities(ctx context.Context) (sandbox.Capabilities, error) {
	sb, err := d.Create(ctx, sandbox.Spec{})
	if err != nil {
		return sandbox.Capabilities{}, err
	}
	res, err := sb.Exec(ctx, sandbox.Cmd{Argv: []string{"true"}})
	if err = errors.Join(err, sb.Destroy(ctx)); err != nil {
		return sandbox.Capabilities{}, err
	}
	if res.Verdict != sandbox.OK {
		return sandbox.Capabilities{}, qlp.Errorf(qlp.Unavailable, "a container cannot run true: %s %s", res.Verdict, res.Reason)
	}
	return sandbox.Capabilities{Isolation: d.level, Engine: d.engine, Enforcement: enforcement(d.level), Dial: true}, nil
}

// enforcement says how each limit is held. What the engine's cgroup holds is held for the whole container, which has one
// command at a time, or a service and what tries it.
func enforcement(level sandbox.Level) map[string]string {
	out := map[string]string{}
	for _, name := range []string{"cpus", "cpu_time", "memory", "pids", "disk", "inodes", "wall", "idle", "output", "file_size", "copy_out"} {
		out[name] = sandbox.Enforced
	}
	if level == sandbox.LevelGVisor { // its own kernel counts neither the files of a place nor the processor time of the dead
		out["cpu_time"], out["inodes"] = sandbox.BestEffort, sandbox.BestEffort
	}
	return out
}

// Create implements sandbox.Driver.
func (d *Driver) Create(ctx context.Context, spec sandbox.Spec) (sandbox.Sandbox, error) {
	image, stronger, err := d.check(spec)
	if err != nil {
		return nil, err
	}
	d.mu.Lock()
	if d.closed {
		d.mu.Unlock()
		return nil, errClosed()
	}
	d.making.Add(1)
	d.mu.Unlock()
	defer d.making.Done()
	c := &container{d: d, runtime: d.runtime, level: d.level, engine: d.engine, name: owner.Name(os.Getpid()) + "-" + strconv.FormatInt(d.sequence.Add(1), 10)}
	if stronger {
		c.runtime, c.level, c.engine = gvisor, sandbox.LevelGVisor, d.server+" ("+gvisor+")"
	}
	if err := c.start(ctx, image, spec); err != nil {
		return nil, errors.Join(fmt.Errorf("create sandbox: %w", err), c.Destroy(context.WithoutCancel(ctx)))
	}
	d.mu.Lock()
	d.alive[c] = true
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return nil, errors.Join(errClosed(), c.Destroy(context.WithoutCancel(ctx)))
	}
	return c, nil
}

func (d *Driver) forget(c *container) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.alive, c)
}

func errClosed() error { return qlp.Errorf(qlp.Unavailable, "the sandbox driver is closed") }

// check refuses what a container cannot be, before there is one; stronger says that it takes gVisor.
func (d *Driver) check(spec sandbox.Spec) (image string, stronger bool, err error) {
	if want := spec.Isolation; want != "" && !want.Known() {
		return "", false, qlp.Errorf(qlp.Invalid, "there is no isolation level %.40q", want).
			WithRemedy("choose one of: %s, %s, %s, %s", sandbox.LevelVM, sandbox.LevelGVisor, sandbox.LevelNamespaces, sandbox.LevelProcess)
	} else if want != "" && !d.level.AtLeast(want) {
		if stronger = d.gvisor && sandbox.LevelGVisor.AtLeast(want); !stronger {
			return "", false, qlp.Errorf(qlp.Unavailable, "containers here are isolated by %s, and %s is asked for", d.level, want).
				WithRemedy("install gVisor's runsc as a runtime of the engine, or ask for %s", d.level)
		}
	}
	if len(spec.Mounts) > 0 && spec.Stack == "" {
		return "", false, qlp.Errorf(qlp.Invalid, "the sandbox is to see %s of this machine, and containers see nothing of it: %w", spec.Mounts[0].HostPath, sandbox.ErrUnsupported).
			WithRemedy("name the stack instead: its image has the toolchain")
	}
	if spec.Egress != nil {
		return "", false, qlp.Errorf(qlp.Invalid, "containers are given no way out: %w", sandbox.ErrUnsupported).WithRemedy("fetch packages with the native driver")
	}
	if spec.Require && (stronger || d.level == sandbox.LevelGVisor) {
		return "", false, qlp.Errorf(qlp.Unavailable, "gVisor holds the limits on processor time and files by best effort only").WithRemedy("do without require_limits, or ask for %s", sandbox.LevelNamespaces)
	}
	image, ok := d.images[spec.Stack]
	if !ok {
		return "", false, qlp.Errorf(qlp.Unavailable, "there is no image for the stack %.40q", spec.Stack).WithRemedy(imagesRemedy)
	}
	return image, stronger, nil
}

func (d *Driver) remove(ctx context.Context, id string) error {
	_, err := d.api.ContainerRemove(ctx, id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if err != nil && !notFound(err) {
		return err
	}
	return nil
}

// Close implements sandbox.Driver.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.closed = true
	d.mu.Unlock()
	d.making.Wait()
	d.mu.Lock()
	left := slices.Collect(maps.Keys(d.alive))
	d.mu.Unlock()
	var err error
	for _, b := range left {
		err = errors.Join(err, b.Destroy(context.Background()))
	}
	d.work.Wait()
	return errors.Join(err, d.api.Close())
}
