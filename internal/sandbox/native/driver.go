package native

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"math"
	"os"
	"os/exec"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
)

// Config is the driver's. The zero Config works.
type Config struct {
	// BwrapPath is bubblewrap; empty means the one in PATH.
	BwrapPath string
	// InitPath is qlp-init; empty means beside the running program, then PATH.
	InitPath string
	// StateDir is a directory of this user's own; empty means /run/qlp, $XDG_RUNTIME_DIR/qlp, or one below the
	// directory for temporary files.
	StateDir string
	// NoCgroups makes the driver do without cgroups. It is for tests of the ways that remain then.
	NoCgroups bool
	// Spare is how many sandboxes are kept ready that nobody has used: of the kinds that were asked for last, each for one
	// use. Zero keeps none.
	Spare int
}

// Driver makes sandboxes with bubblewrap.
type Driver struct {
	log      *slog.Logger
	engine   engine
	init     string
	root     bool
	state    *state
	system   []string
	cgroups  *hierarchy
	uids     *initbox.UIDPool
	spawner  *spawner
	sequence atomic.Int64
	held     map[string]string // how each limit is held here
	spares   *spares
	// selfEntry: children move themselves into their cgroups.
	selfEntry bool

	mu     sync.Mutex
	closed bool
	alive  map[*box]bool
	work   sync.WaitGroup // clean-up in the background
}

var _ sandbox.Driver = (*Driver)(nil)

// New looks at the machine and makes a Driver. It fails, with a remedy, where no sandbox could be made; Doctor says more.
func New(ctx context.Context, log *slog.Logger, cfg Config) (*Driver, error) {
	eng, err := findEngine(ctx, cfg.BwrapPath)
	if err != nil {
		return nil, err
	}
	init, err := initbox.FindInit(cfg.InitPath)
	if err != nil {
		return nil, err
	}
	st, err := openState(cfg.StateDir)
	if err != nil {
		return nil, err
	}
	d := &Driver{
		log: log, engine: eng, init: init, root: os.Geteuid() == 0, state: st, system: systemArgs(st),
		uids: initbox.NewUIDPool(st.path("uids")), cgroups: &hierarchy{}, alive: map[*box]bool{},
	}
	if !cfg.NoCgroups {
		if d.cgroups, err = discover("/proc", d.root); err != nil {
			return nil, err
		}
		if n := d.cgroups.reap(); n > 0 {
			log.Info("Cgroups of a killed process removed", "room", "sandbox", "driver", "native", "count", n)
		}
	}
	d.selfEntry = d.root && d.cgroups.selfEntry()
	d.held = d.enforcement()
	if d.spawner, err = newSpawner(d.root, st.path("stage")); err != nil {
		return nil, err
	}
	d.spares = newSpares(cfg.Spare, d.make)
	return d, nil
}

// Name implements sandbox.Driver.
func (d *Driver) Name() string { return "native" }

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
		return sandbox.Capabilities{}, qlp.Errorf(qlp.Unavailable, "the sandbox cannot run true: %s", res.Verdict)
	}
	return sandbox.Capabilities{Isolation: sandbox.LevelNamespaces, Engine: d.engine.String(), Enforcement: d.held, Dial: true, Egress: true}, nil
}

// enforcement says how each limit is held on this machine.
func (d *Driver) enforcement() map[string]string {
	how := func(ok bool) string {
		if ok {
			return sandbox.Enforced
		}
		return sandbox.BestEffort
	}
	return map[string]string{
		"cpus": how(d.cgroups.has(ctlCPU)), "cpu_time": how(d.cgroups.has(ctlCPUAcct)), "memory": how(d.cgroups.has(ctlMemory)),
		"pids": how(d.cgroups.has(ctlPids)), "inodes": how(d.root), "disk": sandbox.Enforced, "wall": sandbox.Enforced,
		"idle": sandbox.Enforced, "output": sandbox.Enforced, "file_size": sandbox.Enforced, "copy_out": sandbox.Enforced,
	}
}

// Create implements sandbox.Driver.
func (d *Driver) Create(ctx context.Context, spec sandbox.Spec) (sandbox.Sandbox, error) {
	p, err := d.admit(spec)
	if err != nil {
		return nil, err
	}
	b := d.spares.take(p)
	if b == nil {
		if b, err = d.make(ctx, p); err != nil {
			return nil, err
		}
	}
	env := maps.Clone(spec.Env)
	if spec.Egress != nil {
		env = initbox.ProxyEnv(spec.Env)
		if err := b.OpenEgress(ctx, spec.Egress); err != nil {
			_ = b.Destroy(context.WithoutCancel(ctx))
			return nil, fmt.Errorf("create sandbox: %w", err)
		}
	}
	b.SetEnv(env)
	d.spares.want(p)
	return b, nil
}

// admit refuses what cannot be had here, before anything starts, and says what the sandbox will be.
func (d *Driver) admit(spec sandbox.Spec) (plan, error) {
	mounts, err := checkMounts(spec.Mounts)
	if err != nil {
		return plan{}, err
	}
	if err := weakest(spec.Isolation); err != nil {
		return plan{}, err
	}
	if spec.Require {
		for _, name := range slices.Sorted(maps.Keys(d.held)) {
			if d.held[name] != sandbox.Enforced {
				return plan{}, qlp.Errorf(qlp.Unavailable, "the limit %s can only be held by best effort here", name).WithRemedy(delegateHint)
			}
		}
	}
	p := plan{system: d.system, init: d.init, mounts: mounts, limits: spec.Limits.WithDefaults()}
	if !d.cgroups.has(ctlCPU) {
		p.cpus = int(math.Ceil(p.limits.CPUs))
	}
	return p, nil
}

// make starts a sandbox from nothing.
func (d *Driver) make(ctx context.Context, p plan) (*box, error) {
	b := &box{d: d, limits: p.limits, enforcement: d.held, gone: make(chan struct{})}
	if err := d.register(b); err != nil {
		return nil, err
	}
	if err := b.start(ctx, p); err != nil {
		_ = b.Destroy(context.WithoutCancel(ctx))
		return nil, fmt.Errorf("create sandbox: %w", err)
	}
	return b, nil
}

// weakest refuses what asks for a stronger wall than namespaces.
func weakest(want sandbox.Level) error {
	switch {
	case want == "" || sandbox.LevelNamespaces.AtLeast(want) && want.Known():
		return nil
	case !want.Known():
		return qlp.Errorf(qlp.Invalid, "there is no isolation level %.40q", want).
			WithRemedy("choose one of: %s, %s, %s, %s", sandbox.LevelVM, sandbox.LevelGVisor, sandbox.LevelNamespaces, sandbox.LevelProcess)
	}
	if want == sandbox.LevelGVisor {
		return qlp.Errorf(qlp.Unavailable, "the native driver isolates by %s: bubblewrap cannot start gVisor's kernel, a container engine can", sandbox.LevelNamespaces).
			WithRemedy("%s", gvisorHint())
	}
	return qlp.Errorf(qlp.Unavailable, "the native driver isolates by %s, and %s is asked for", sandbox.LevelNamespaces, want).
		WithRemedy("use a driver that is stronger: kubernetes or docker with a Kata runtime, or executors in virtual machines")
}

// gvisorHint says what this machine lacks for gVisor.
func gvisorHint() string {
	const use = "use --driver docker (sandbox_driver: docker), whose engine lists runsc as a runtime"
	if _, err := exec.LookPath("runsc"); err != nil {
		return "runsc is not installed: `apt-get install runsc`; then " + use
	}
	return "runsc is installed: " + use
}

const delegateHint = "run QLP as root, or in its own delegated cgroup: `systemd-run --user --scope -p Delegate=yes qlp …`"

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
	d.spares.stop()
	d.mu.Lock()
	first := !d.closed
	d.closed = true
	left := slices.Collect(maps.Keys(d.alive))
	d.mu.Unlock()
	var err error
	for _, b := range left {
		err = errors.Join(err, b.Destroy(context.Background()))
	}
	d.work.Wait()
	if first {
		d.spawner.stop()
	}
	return err
}

// Spares is how many sandboxes are ready that nobody has used.
func (d *Driver) Spares() int { return d.spares.count() }
