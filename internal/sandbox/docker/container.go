package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/pkg/stdcopy"
	api "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
	"github.com/quantumlayer/qlp/internal/sandbox/owner"
	"github.com/quantumlayer/qlp/internal/sandbox/relay"
)

const (
	startTimeout  = 60 * time.Second // an engine that is busy takes its time
	removeTimeout = 30 * time.Second
	insideUser    = "1000:1000"

	// slack is what the container may have beyond one command: the init, its threads and buffers.
	slackMemory = 64 * sandbox.MiB
	slackPids   = 64
)

// initCommand is the first process of every container: it is part of the images.
func initCommand() []string { return []string{"/.qlp/init", "relay"} }

// container is one sandbox.
type container struct {
	*initbox.Box // nil until its init has answered

	d       *Driver
	runtime string // "" is the engine's default
	level   sandbox.Level
	engine  string
	name    string
	id      string
	stream  *attached
	half    *relay.Outside

	once sync.Once
	err  error // of Destroy
}

var (
	_ sandbox.Sandbox = (*container)(nil)
	_ initbox.Engine  = (*container)(nil)
	_ initbox.Witness = (*container)(nil)
)

// ID implements sandbox.Sandbox.
func (c *container) ID() string { return c.name }

func (c *container) start(ctx context.Context, image string, spec sandbox.Spec) error {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errors.New("the container engine took too long"))
	defer cancel()
	limits := spec.Limits.WithDefaults()
	made, err := c.d.api.ContainerCreate(ctx, c.options(image, limits))
	if err != nil {
		return explain(err, image)
	}
	c.id = made.ID
	got, err := c.d.api.ContainerAttach(ctx, c.id, client.ContainerAttachOptions{Stream: true, Stdin: true, Stdout: true, Stderr: true})
	if err != nil {
		return fmt.Errorf("attach to container: %w", err)
	}
	c.stream = attach(got.HijackedResponse)
	if _, err := c.d.api.ContainerStart(ctx, c.id, client.ContainerStartOptions{}); err != nil {
		return explain(err, image)
	}
	var control *wire.Conn
	if c.half, control, err = relay.NewOutside(c.stream); err != nil {
		return err
	}
	if err := c.half.Hello(ctx); err != nil {
		_ = control.Close()
		if said := c.Complaint(); said != "" {
			err = fmt.Errorf("%w: %s", err, said)
		}
		return qlp.Errorf(qlp.Unavailable, "the container's init does not answer: %w", err).
			WithRemedy("build the images again with `make sandbox-images`: they bring the init along")
	}
	c.Box = initbox.New(initbox.Config{
		ID: c.name, Limits: limits, Env: spec.Env, Isolation: c.level, Name: c.engine, Enforcement: enforcement(c.level),
		Owner: -1, Watch: initbox.Watch{CPU: true}, Background: func(f func()) { c.d.work.Go(f) },
	}, c, control)
	return nil
}

// Command implements initbox.Engine: the container's own cgroup counts, and its init reads it.
func (c *container) Command(int, sandbox.Limits, bool) (initbox.Group, error) {
	return initbox.Uncounted{}, nil
}

// Account implements initbox.Engine.
func (c *container) Account() initbox.Account { return initbox.Account{} }

// options are the whole policy of a container.
func (c *container) options(image string, l sandbox.Limits) client.ContainerCreateOptions {
	name := c.name
	pids, no := int64(l.Pids+slackPids), false
	place := func(size int64) string {
		return fmt.Sprintf("rw,exec,nosuid,nodev,mode=1777,size=%d,nr_inodes=%d", size, l.Inodes)
	}
	return client.ContainerCreateOptions{
		Name: "qlp-" + name,
		Config: &api.Config{
			Image: image, Entrypoint: initCommand(), User: insideUser, WorkingDir: "/work", Hostname: "sandbox",
			OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true,
			Env:    []string{"PATH=/usr/bin:/bin"},
			Labels: map[string]string{labelID: name, labelOwner: name, labelBoot: owner.Boot()},
		},
		HostConfig: &api.HostConfig{
			NetworkMode: "none", ReadonlyRootfs: true, CapDrop: []string{"ALL"}, IpcMode: "private", CgroupnsMode: "private",
			SecurityOpt: []string{"no-new-privileges", "seccomp=" + c.d.profile}, Runtime: c.runtime, Init: &no,
			MaskedPaths: masked(), ReadonlyPaths: []string{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"},
			// Shared memory of System V would stay when its program is dead, and with it the container's memory be spent.
			Sysctls:   sysctls(c.level),
			LogConfig: api.LogConfig{Type: "none"}, RestartPolicy: api.RestartPolicy{Name: "no"},
			Tmpfs: map[string]string{"/work": place(l.Disk), "/tmp": place(l.Disk), "/dev/shm": place(min(l.Disk, 64*sandbox.MiB))},
			Resources: api.Resources{
				Memory: l.Memory + slackMemory, MemorySwap: l.Memory + slackMemory, NanoCPUs: int64(l.CPUs * 1e9), PidsLimit: &pids,
				Ulimits: []*api.Ulimit{{Name: "core", Soft: 0, Hard: 0}, {Name: "nofile", Soft: 4096, Hard: 4096}, {Name: "memlock", Soft: 64 << 10, Hard: 64 << 10}},
			},
		},
	}
}

// sysctls are settings of the container's own namespaces. Kernels of their own have no such setting, or forget all with the sandbox.
func sysctls(level sandbox.Level) map[string]string {
	if level != sandbox.LevelNamespaces {
		return nil
	}
	return map[string]string{"kernel.shm_rmid_forced": "1"}
}

// masked are the places that engines hide by themselves, and what else tells of the machine. A program may see its own cgroup
// and the processors: runtimes ask them how much they may take.
func masked() []string {
	return []string{
		"/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/key-users", "/proc/kmsg", "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
		"/proc/sched_debug", "/proc/scsi", "/proc/config.gz", "/sys/firmware", "/sys/kernel", "/sys/module", "/sys/hypervisor", "/sys/devices/virtual/powercap",
	}
}

func notFound(err error) bool { return errdefs.IsNotFound(err) }

// explain turns an engine's refusal into what a person can do.
func explain(err error, image string) error {
	switch {
	case errdefs.IsNotFound(err):
		return qlp.Errorf(qlp.Unavailable, "the container engine does not have the image %s", image).WithRemedy(imagesRemedy)
	case strings.Contains(err.Error(), "seccomp"):
		return qlp.Errorf(qlp.Unavailable, "the container engine refuses the system call profile: %w", err).WithRemedy("use an engine that was built with seccomp")
	case errdefs.IsInvalidArgument(err):
		return qlp.Errorf(qlp.Invalid, "the container engine refuses the sandbox: %w", err)
	case client.IsErrConnectionFailed(err):
		return unreachable(err)
	}
	return fmt.Errorf("make container: %w", err)
}

// Complaint implements initbox.Engine: what the init, or the engine in its place, has complained of.
func (c *container) Complaint() string {
	if c.stream == nil {
		return ""
	}
	return c.stream.complaint()
}

// Break implements initbox.Engine.
func (c *container) Break() {
	ctx, cancel := context.WithTimeout(context.Background(), removeTimeout)
	defer cancel()
	if _, err := c.d.api.ContainerKill(ctx, c.id, client.ContainerKillOptions{Signal: "SIGKILL"}); err != nil && !notFound(err) {
		c.d.log.WarnContext(ctx, "Container not killed", "sandbox", c.name, "err", err)
	}
}

// lastWords is how long the engine may take to know how a container ended whose stream has ended.
const lastWords = 3 * time.Second

// OutOfMemory implements initbox.Witness. A container has one cgroup: where the kernel cannot free enough by the program alone, it
// takes the init, too.
func (c *container) OutOfMemory() bool {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for {
		got, err := c.d.api.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{})
		if err != nil || got.Container.State == nil {
			return false
		}
		if !got.Container.State.Running {
			return got.Container.State.OOMKilled
		}
		select {
		case <-ctx.Done():
			return false
		case <-again.C:
		}
	}
}

// Destroy implements sandbox.Sandbox. It removes the container, which kills whatever is in it; the engine answers when nothing
// is left.
func (c *container) Destroy(ctx context.Context) error {
	c.once.Do(func() {
		defer c.d.forget(c)
		if c.Box != nil {
			c.Shut()
		}
		c.err = c.end(ctx)
		if c.Box != nil {
			c.Settle()
		}
	})
	return c.err
}

func (c *container) end(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), removeTimeout)
	defer cancel()
	if c.half != nil {
		_ = c.half.Close()
	}
	if c.stream != nil {
		_ = c.stream.Close()
	}
	if c.id == "" {
		return nil
	}
	if err := c.d.remove(ctx, c.id); err != nil {
		c.d.log.ErrorContext(ctx, "Sandbox not destroyed", "sandbox", c.name, "err", err)
		return fmt.Errorf("destroy sandbox %s: %w", c.name, err)
	}
	return nil
}

// attached is a container's input and output as one stream; what it says as errors is kept aside.
type attached struct {
	conn client.HijackedResponse
	r    *io.PipeReader
	done chan struct{}
	once sync.Once

	mu   sync.Mutex
	errs bytes.Buffer
}

const maxComplaint = 4096

func attach(conn client.HijackedResponse) *attached {
	r, w := io.Pipe()
	a := &attached{conn: conn, r: r, done: make(chan struct{})}
	go func() {
		defer close(a.done)
		_, err := stdcopy.StdCopy(w, aside{a}, conn.Reader)
		w.CloseWithError(err)
	}()
	return a
}

// aside keeps the beginning.
type aside struct{ a *attached }

// Write implements io.Writer.
func (s aside) Write(b []byte) (int, error) {
	s.a.mu.Lock()
	defer s.a.mu.Unlock()
	s.a.errs.Write(b[:min(len(b), maxComplaint-s.a.errs.Len())])
	return len(b), nil
}

func (a *attached) complaint() string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return strings.TrimSpace(strings.ToValidUTF8(a.errs.String(), ""))
}

// Read implements io.Reader.
func (a *attached) Read(b []byte) (int, error) { return a.r.Read(b) }

// Write implements io.Writer.
func (a *attached) Write(b []byte) (int, error) { return a.conn.Conn.Write(b) }

// Close implements io.Closer.
func (a *attached) Close() error {
	a.once.Do(func() {
		a.conn.Close()
		_ = a.r.Close()
		<-a.done
	})
	return nil
}
