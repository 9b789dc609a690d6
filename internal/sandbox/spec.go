package sandbox

import (
	"io"
	"net"
)

// ProxyAddress is where programs inside find the way out that Spec.Egress gives them. Drivers set HTTP_PROXY and HTTPS_PROXY
// to it, in both spellings, when there is one.
const ProxyAddress = "127.0.0.1:3128"

// Spec is what a sandbox is made from. The zero Spec has the default limits, no toolchain beyond the system's own, and
// no environment but PATH, HOME, LANG and TMPDIR.
type Spec struct {
	Limits Limits
	// Mounts are read-only views of host paths: toolchains, caches, tools.
	Mounts []Mount
	// Env is set for every command, below Cmd.Env. Nothing is inherited from the QLP process.
	Env map[string]string
	// Stack names the toolchain for drivers that take it from an image: go, python, node. The native driver sees the host's
	// own through Mounts and ignores it.
	Stack string
	// Isolation is the weakest wall that will do; empty means whatever the driver has. Create refuses what is weaker.
	Isolation Level
	// Egress, if not nil, is handed every connection that a program inside makes to ProxyAddress, and closes it; the
	// sandbox's network stays empty, so there is no other way out. It runs in a goroutine of its own for each connection, and
	// Destroy waits for them. Nil means no way out at all. A driver whose Capabilities say no Egress refuses the Spec with
	// ErrUnsupported.
	Egress func(net.Conn)
	// Require makes Create refuse when a limit could only be held by best effort.
	Require bool
	// Labels are for logs and for whoever looks after the sandboxes; the program inside cannot see them.
	Labels map[string]string
}

// Mount is a read-only view of HostPath (a file or a directory) at Path inside. An empty Path means the same path. Path
// must be absolute and clean, and may not lie in or above /work, /tmp, /proc, /dev, /sys, /etc or /run. A HostPath that
// does not exist makes Create fail.
type Mount struct {
	HostPath string
	Path     string
}

// Cmd is one command.
type Cmd struct {
	// Argv[0] is looked up in the PATH of the command's own environment, inside the sandbox.
	Argv []string
	Env  map[string]string
	// Dir is absolute, or relative to /work; empty means /work.
	Dir string
	// Stdin may be nil: the command then reads from /dev/null. A Reader that blocks for ever does not hold up the
	// Result, but its goroutine lives until the Reader returns.
	Stdin io.Reader
	// Limits may only lower the sandbox's limits; a zero or a higher value is ignored.
	Limits Limits
	// Stdout and Stderr, if not nil, get a live copy of what is kept and of what is not, in order, from one goroutine
	// each; their errors and their slowness count as the program's: a sink that blocks blocks the program.
	Stdout io.Writer
	Stderr io.Writer
}

// CopyLimits bounds a Get. Zero means the sandbox's CopyOut, and 100,000 files.
type CopyLimits struct {
	Bytes int64
	Files int
}
