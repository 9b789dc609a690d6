package sandbox

import (
	"context"
	"errors"
	"io"
	"net"
	"syscall"
)

// ErrUnsupported says that this driver cannot do what was asked, whatever the input.
var ErrUnsupported = errors.New("the sandbox driver does not support this")

// ErrDestroyed is returned by every method of a Sandbox after Destroy, or after the sandbox itself has gone.
var ErrDestroyed = errors.New("the sandbox is destroyed")

// Driver makes sandboxes. All methods are safe for concurrent use; two sandboxes never share a lock while they run.
//
// Whoever makes a Driver calls Close once, after the last sandbox is destroyed. Close destroys what is left, waits for
// background clean-up, and makes later calls of Create fail. It may be called twice.
type Driver interface {
	// Name is the driver's name in configuration and in results, for example "native".
	Name() string
	// Capabilities says what this driver enforces on this machine, found out by looking, not assumed. An error means
	// that the driver cannot work here at all, and carries a remedy.
	Capabilities(ctx context.Context) (Capabilities, error)
	// Create returns a sandbox that is ready to execute. It refuses (qlp.Unavailable, with a remedy) when isolation
	// cannot be had, and, if spec.Require is set, when any wanted limit cannot be enforced. ctx bounds the creation, not
	// the sandbox's life. The caller owns the sandbox and must call Destroy.
	Create(ctx context.Context, spec Spec) (Sandbox, error)
	// Close releases the driver.
	Close() error
}

// Sandbox is one isolated place with a writable /work. It serves the executions of one job (build, then test, then
// start), one after another or at the same time, and is never used again for another job: nothing is reset.
//
// An error from any method means that the machinery failed or the call was wrong. What the program did, however badly,
// is a Result. All methods are safe for concurrent use.
type Sandbox interface {
	// ID names the sandbox in logs; it is unique on this machine. It is no secret.
	ID() string
	// Put unpacks a tar stream below /work from inside the sandbox. Only directories and regular files are taken;
	// anything else, an absolute name, or one with "..", is qlp.Invalid. Existing files are replaced; what lies in the
	// way as a link is removed, never followed.
	Put(ctx context.Context, tar io.Reader) error
	// Get packs the regular files and directories below /work whose slash path matches one of patterns (path.Match, and
	// "**" for any number of directories; no patterns means everything) as a tar stream. Links, FIFOs, sockets and
	// devices are left out. Passing lim makes a read of the stream fail with qlp.Exhausted. The caller closes the stream.
	Get(ctx context.Context, patterns []string, lim CopyLimits) (io.ReadCloser, error)
	// Exec runs one command to its end and kills whatever it left behind before it returns, unless a started Process
	// is alive (then only what can be told apart). Ending ctx kills the command: the Result then says Canceled.
	Exec(ctx context.Context, cmd Cmd) (Result, error)
	// Start runs a service. ctx bounds the starting only.
	Start(ctx context.Context, cmd Cmd) (Process, error)
	// Dial connects to 127.0.0.1:port as seen inside the sandbox. No port is opened on the host. A refused connection is
	// an error that wraps syscall.ECONNREFUSED.
	Dial(ctx context.Context, port int) (net.Conn, error)
	// Stats returns what the sandbox as a whole has used so far.
	Stats(ctx context.Context) (Usage, error)
	// Destroy kills everything and returns when no process of the sandbox remains. Clean-up of what is then empty
	// (cgroup directories, an identity going back to the pool) may follow in the background; Driver.Close waits for it.
	// It may be called twice, and must be called once, also after errors.
	Destroy(ctx context.Context) error
}

// Process is a service that Start began. Destroying the sandbox ends it.
type Process interface {
	// Wait returns when the process has ended. Several callers may wait. Ending ctx ends the waiting, not the process.
	Wait(ctx context.Context) (Result, error)
	// Signal sends a signal to the process and its group.
	Signal(ctx context.Context, sig syscall.Signal) error
	// Kill ends the process and its group and returns its Result, whose Verdict is Canceled unless it had ended before.
	Kill(ctx context.Context) (Result, error)
}
