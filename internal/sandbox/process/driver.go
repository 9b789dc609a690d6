package process

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
	"github.com/quantumlayer/qlp/internal/sandbox/seccomp"
)

// Config is the driver's. The zero Config works.
type Config struct {
	// InitPath is qlp-init; empty means beside the running program, then PATH.
	InitPath string
	// Dir is where sandboxes have their directories; empty means one of this user's below the directory for temporary files.
	Dir string
	// StateDir holds the locks of user ids; empty means initbox.StateDir.
	StateDir string
}

// signalsScoped is the version of Landlock from which programs cannot signal their init.
const signalsScoped = 6

// Driver makes sandboxes out of processes.
type Driver struct {
	log      *slog.Logger
	init     string
	root     bool
	landlock int // the kernel's version of it; 0: none
	filter   []byte
	places   *places
	uids     *initbox.UIDPool
	sequence atomic.Int64

	mu     sync.Mutex
	closed bool
	alive  map[*box]bool
	work   sync.WaitGroup // clean-up in the background
}

var _ sandbox.Driver = (*Driver)(nil)

// New looks at the machine and makes a Driver, or says, with a remedy, why there can be none.
func New(ctx context.Context, log *slog.Logger, cfg Config) (*Driver, error) {
	init, err := initbox.FindInit(cfg.InitPath)
	if err != nil {
		return nil, err
	}
	filter, err := seccomp.Filter()
	if err != nil {
		return nil, err
	}
	d := &Driver{log: log, init: init, root: os.Geteuid() == 0, landlock: initbox.LandlockVersion(), filter: filter, alive: map[*box]bool{}}
	if err := tolerable(d.root, d.landlock); err != nil {
		return nil, err
	}
	if d.root {
		if !initbox.OthersMayEnter(init) {
			return nil, qlp.Errorf(qlp.Unavailable, "other users cannot reach %s", init).
				WithRemedy("install qlp and qlp-init where every user may enter, for example in /usr/local/bin")
		}
		state := cfg.StateDir
		if state == "" {
			state = initbox.StateDir()
		}
		for _, dir := range []string{state, filepath.Join(state, "uids")} {
			if err := initbox.OwnDir(dir); err != nil {
				return nil, err
			}
		}
		d.uids = initbox.NewUIDPool(filepath.Join(state, "uids"))
	}
	if d.places, err = openPlaces(cfg.Dir, d.root); err != nil {
		return nil, err
	}
	if n := d.places.reap(); n > 0 {
		log.InfoContext(ctx, "Directories of a killed process removed", "room", "sandbox", "driver", "process", "count", n)
	}
	return d, nil
}

// tolerable refuses an ordinary user without Landlock: programs would run as QLP's own user with nothing between them.
func tolerable(root bool, landlock int) error {
	if root || landlock > 0 {
		return nil
	}
	return qlp.Errorf(qlp.Unavailable, "this kernel has no Landlock, so programs would read everything that this user can").
		WithRemedy("run QLP as root in this container, so that sandboxes get users of their own, or use a kernel from 5.13 with Landlock switched on")
}

// Name implements sandbox.Driver.
func (d *Driver) Name() string { return "process" }

func (d *Driver) engine() string {
	if d.landlock == 0 {
		return "process without landlock"
	}
	return "process with landlock " + strconv.Itoa(d.landlock)
}

// Capabilities implements sandbox.Driver. It makes one sandbox and runs one program.
func (d *Driver) Capabilities(ctx context.Context) (sandbox.Capabilities, error) {
	res, err := sandbox.RunOnce(ctx, d, sandbox.Spec{}, sandbox.Cmd{Argv: []string{"true"}}, "")
	if err != nil {
		return sandbox.Capabilities{}, err
	}
	if res.Verdict != sandbox.OK {
		return sandbox.Capabilities{}, qlp.Errorf(qlp.Unavailable, "the sandbox cannot run true: %s", res.Verdict)
	}
	return sandbox.Capabilities{Isolation: sandbox.LevelProcess, Engine: d.engine(), Enforcement: d.enforcement(), Dial: true}, nil
}

// enforcement says how each limit is held. Without Landlock's help a program can kill its
// init, whose user it shares. As root nothing is won by that, because everything of that user is killed from outside; as an
// ordinary user what then remains escapes the kill.
func (d *Driver) enforcement() map[string]string {
	kill, landlock := sandbox.BestEffort, sandbox.Unheld
	if d.root || d.landlock >= signalsScoped {
		kill = sandbox.Enforced
	}
	if d.landlock > 0 {
		landlock = sandbox.Enforced
	}
	return map[string]string{
		"cpus": sandbox.BestEffort, "cpu_time": sandbox.BestEffort, "memory": sandbox.BestEffort, "pids": sandbox.BestEffort,
		"inodes": sandbox.BestEffort, "disk": sandbox.BestEffort, "wall": kill, "idle": kill, "output": kill,
		"file_size": sandbox.Enforced, "copy_out": sandbox.Enforced, "landlock": landlock, "network": sandbox.Unheld,
	}
}

// Create implements sandbox.Driver.
func (d *Driver) Create(ctx context.Context, spec sandbox.Spec) (sandbox.Sandbox, error) {
	if err := d.admit(spec); err != nil {
		return nil, err
	}
	mounts, err := checkMounts(spec.Mounts, d.places.dir)
	if err != nil {
		return nil, err
	}
	b := &box{d: d, id: fmt.Sprintf("process-%d-%d", os.Getpid(), d.sequence.Add(1)), limits: spec.Limits.WithDefaults(), mounts: mounts, gone: make(chan struct{})}
	if err := d.register(b); err != nil {
		return nil, err
	}
	if n := int(math.Ceil(b.limits.CPUs)); n < runtime.NumCPU() {
		b.cpus = n
	}
	if err := b.start(ctx, maps.Clone(spec.Env)); err != nil {
		_ = b.Destroy(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("create sandbox: %w", err)
	}
	return b, nil
}

// admit refuses what this level cannot do.
func (d *Driver) admit(spec sandbox.Spec) error {
	switch {
	case spec.Isolation != "" && !spec.Isolation.Known():
		return qlp.Errorf(qlp.Invalid, "there is no isolation level %.40q", spec.Isolation).
			WithRemedy("choose one of: %s, %s, %s, %s", sandbox.LevelVM, sandbox.LevelGVisor, sandbox.LevelNamespaces, sandbox.LevelProcess)
	case !sandbox.LevelProcess.AtLeast(spec.Isolation):
		return qlp.Errorf(qlp.Unavailable, "the process driver isolates by %s, and %s is asked for", sandbox.LevelProcess, spec.Isolation).
			WithRemedy("use the native driver, or a remote one whose executors have it")
	case spec.Egress != nil:
		return fmt.Errorf("guard a way out although the network is the machine's: %w", sandbox.ErrUnsupported)
	case !spec.Require:
		return nil
	}
	for _, name := range slices.Sorted(maps.Keys(d.enforcement())) {
		if how := d.enforcement()[name]; how != sandbox.Enforced {
			return qlp.Errorf(qlp.Unavailable, "the process driver cannot enforce %s (%s)", name, how).WithRemedy("use the native driver, which can, as root")
		}
	}
	return nil
}

func (d *Driver) register(b *box) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.closed {
		return qlp.Errorf(qlp.Unavailable, "the sandbox driver is closed")
	}
	d.alive[b] = true
	return nil
}

func (d *Driver) forget(b *box) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.alive, b)
}

// Close implements sandbox.Driver.
func (d *Driver) Close() error {
	d.mu.Lock()
	d.closed = true
	left := slices.Collect(maps.Keys(d.alive))
	d.mu.Unlock()
	var err error
	for _, b := range left {
		err = errors.Join(err, b.Destroy(context.Background()))
	}
	d.work.Wait()
	return err
}
