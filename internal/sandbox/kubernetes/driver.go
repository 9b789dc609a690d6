package kubernetes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// Policy is the name of the NetworkPolicy that must be in the namespace before a pod is started there.
const Policy = "qlp-sandboxes"

// Connect makes a driver over the one sandboxd at address, whose token is the pod's own.
type Connect func(ctx context.Context, address, token string) (sandbox.Driver, error)

// Config is the driver's. Namespace, Images and Connect are needed.
type Config struct {
	// Kubeconfig is a file; empty means the pod's own account, or KUBECONFIG and the usual file.
	Kubeconfig string
	Namespace  string
	// RuntimeClass is the pods'; empty means the cluster's default, whose wall counts as namespaces.
	RuntimeClass string
	// Level is what the runtime class is worth; empty means what its name says.
	Level sandbox.Level
	// Images are by stack, each with its digest; "" is the one for commands without a stack.
	Images map[string]string
	// Life is how long a pod may live whatever happens: an hour.
	Life time.Duration
	// Patience is how long a pod may take to be ready: two minutes.
	Patience time.Duration
	Connect  Connect
}

// Driver makes sandboxes out of pods.
type Driver struct {
	log  *slog.Logger
	api  api
	cfg  Config
	port int

	mu     sync.Mutex
	closed bool
	making sync.WaitGroup
	alive  map[*pod]bool
}

var _ sandbox.Driver = (*Driver)(nil)

// New speaks to the cluster and looks whether sandboxes may be started there.
func New(ctx context.Context, log *slog.Logger, cfg Config) (*Driver, error) {
	where, err := connection(cfg.Kubeconfig)
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "find the cluster: %w", err).WithRemedy("name a kubeconfig file in the setting kubeconfig, or run qlp in a pod")
	}
	api, err := connect(where)
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "%w", err)
	}
	return newDriver(ctx, log, cfg, api, sandboxdPort)
}

func connection(file string) (*rest.Config, error) {
	if file == "" {
		if own, err := rest.InClusterConfig(); err == nil {
			return own, nil
		}
	}
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = file
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, nil).ClientConfig()
}

func newDriver(ctx context.Context, log *slog.Logger, cfg Config, api api, port int) (*Driver, error) {
	if cfg.Life <= 0 {
		cfg.Life = time.Hour
	}
	if cfg.Patience <= 0 {
		cfg.Patience = 2 * time.Minute
	}
	if cfg.Level == "" {
		cfg.Level = levelOf(cfg.RuntimeClass)
	}
	if err := check(cfg); err != nil {
		return nil, err
	}
	d := &Driver{log: log.With("room", "sandbox", "driver", "kubernetes"), api: api, cfg: cfg, port: port, alive: map[*pod]bool{}}
	if err := api.HasPolicy(ctx, cfg.Namespace, Policy); err != nil {
		if apierrors.IsNotFound(err) {
			return nil, qlp.Errorf(qlp.Unavailable, "the namespace %s has no network policy %s: a pod there could reach the network", cfg.Namespace, Policy).WithRemedy(applyRemedy)
		}
		return nil, explain("look at the network policy", err)
	}
	if cfg.RuntimeClass != "" {
		if err := api.HasRuntimeClass(ctx, cfg.RuntimeClass); err != nil {
			if apierrors.IsNotFound(err) {
				return nil, qlp.Errorf(qlp.Unavailable, "the cluster has no runtime class %s", cfg.RuntimeClass).WithRemedy("install it on the nodes, or correct the setting kubernetes_runtime_class")
			}
			return nil, explain("look at the runtime class", err)
		}
	}
	return d, nil
}

const applyRemedy = "kubectl apply -f deploy/kubernetes"

var digest = regexp.MustCompile(`@sha256:[0-9a-f]{64}$`)

func check(cfg Config) error {
	if cfg.Namespace == "" || cfg.Connect == nil || len(cfg.Images) == 0 {
		return qlp.Errorf(qlp.Invalid, "the kubernetes driver needs a namespace and images").WithRemedy("set kubernetes_namespace and kubernetes_images")
	}
	for _, st := range slices.Sorted(maps.Keys(cfg.Images)) {
		if !digest.MatchString(cfg.Images[st]) {
			return qlp.Errorf(qlp.Invalid, "the image %.100q for stack %q is not named by its digest", cfg.Images[st], st).WithRemedy("write it as NAME@sha256:…")
		}
	}
	return nil
}

func levelOf(runtimeClass string) sandbox.Level {
	switch {
	case strings.Contains(runtimeClass, "gvisor") || strings.Contains(runtimeClass, "runsc"):
		return sandbox.LevelGVisor
	case strings.Contains(runtimeClass, "kata"):
		return sandbox.LevelVM
	}
	return sandbox.LevelNamespaces
}

// explain turns the API server's refusal into what a person can do.
func explain(what string, err error) error {
	switch {
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "exceeded quota"):
		return qlp.Errorf(qlp.Unavailable, "%s: %w", what, err).WithRemedy("raise the namespace's quota, or run fewer at a time")
	case apierrors.IsForbidden(err), apierrors.IsUnauthorized(err):
		return qlp.Errorf(qlp.Unavailable, "%s: %w", what, err).WithRemedy("give qlp's account the role in deploy/kubernetes: %s", applyRemedy)
	case apierrors.IsNotFound(err):
		return qlp.Errorf(qlp.Unavailable, "%s: %w", what, err).WithRemedy(applyRemedy)
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		return qlp.Errorf(qlp.Invalid, "%s: %w", what, err)
	}
	return qlp.Errorf(qlp.Unavailable, "%s: %w", what, err).WithRemedy("see whether the cluster's API server can be reached from here")
}

// Name implements sandbox.Driver.
func (d *Driver) Name() string { return "kubernetes" }

// Capabilities implements sandbox.Driver. It starts one pod and runs one program.
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
		return sandbox.Capabilities{}, qlp.Errorf(qlp.Unavailable, "a pod cannot run true: %s %s", res.Verdict, res.Reason)
	}
	return sandbox.Capabilities{Isolation: d.cfg.Level, Engine: d.engine(), Enforcement: enforcement(), Dial: true, Egress: true}, nil
}

func (d *Driver) engine() string {
	if d.cfg.RuntimeClass == "" {
		return "kubernetes (default runtime class)"
	}
	return "kubernetes (" + d.cfg.RuntimeClass + ")"
}

// enforcement: the kernel holds memory and processors of the pod; how many processes a pod may have is the kubelet's own setting, and a
// volume in memory has no limit of files.
func enforcement() map[string]string {
	return map[string]string{
		"cpus": sandbox.Enforced, "memory": sandbox.Enforced, "disk": sandbox.Enforced, "wall": sandbox.Enforced, "idle": sandbox.Enforced,
		"output": sandbox.Enforced, "file_size": sandbox.Enforced, "copy_out": sandbox.Enforced,
		"cpu_time": sandbox.BestEffort, "pids": sandbox.BestEffort, "inodes": sandbox.BestEffort,
	}
}

// Create implements sandbox.Driver.
func (d *Driver) Create(ctx context.Context, spec sandbox.Spec) (sandbox.Sandbox, error) {
	image, err := d.accept(spec)
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
	p := newPod(d)
	if err := p.start(ctx, image, spec); err != nil {
		return nil, errors.Join(fmt.Errorf("create sandbox: %w", err), p.Destroy(context.WithoutCancel(ctx)))
	}
	d.mu.Lock()
	d.alive[p] = true
	closed := d.closed
	d.mu.Unlock()
	if closed {
		return nil, errors.Join(errClosed(), p.Destroy(context.WithoutCancel(ctx)))
	}
	return p, nil
}

func errClosed() error { return qlp.Errorf(qlp.Unavailable, "the sandbox driver is closed") }

// accept refuses what a pod cannot be, before there is one.
func (d *Driver) accept(spec sandbox.Spec) (image string, err error) {
	if want := spec.Isolation; want != "" && !want.Known() {
		return "", qlp.Errorf(qlp.Invalid, "there is no isolation level %.40q", want).
			WithRemedy("choose one of: %s, %s, %s, %s", sandbox.LevelVM, sandbox.LevelGVisor, sandbox.LevelNamespaces, sandbox.LevelProcess)
	} else if want != "" && !d.cfg.Level.AtLeast(want) {
		return "", qlp.Errorf(qlp.Unavailable, "pods here are isolated by %s, and %s is asked for", d.cfg.Level, want).
			WithRemedy("set kubernetes_runtime_class to one for gVisor or Kata")
	}
	if spec.Require {
		return "", qlp.Errorf(qlp.Unavailable, "the limit pids can only be held by best effort in a pod").WithRemedy("set podPidsLimit of the kubelet, and require_limits to false")
	}
	if len(spec.Mounts) > 0 && spec.Stack == "" {
		return "", qlp.Errorf(qlp.Invalid, "the sandbox is to see %s of this machine, and pods see nothing of it: %w", spec.Mounts[0].HostPath, sandbox.ErrUnsupported).
			WithRemedy("name the stack instead: its image has the toolchain")
	}
	image, ok := d.cfg.Images[spec.Stack]
	if !ok {
		return "", qlp.Errorf(qlp.Unavailable, "there is no image for the stack %.40q", spec.Stack).WithRemedy("name one in kubernetes_images")
	}
	return image, nil
}

func (d *Driver) forget(p *pod) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.alive, p)
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
	for _, p := range left {
		err = errors.Join(err, p.Destroy(context.Background()))
	}
	return err
}
