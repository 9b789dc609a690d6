// Package wire is the language between the native driver and qlp-init, its pid 1 inside a sandbox: JSON messages over
// SOCK_SEQPACKET sockets, with file descriptors beside them. Every request travels on the sandbox's control socket and
// brings its own reply socket, so that requests need no numbers, end when either side closes, and never wait for each
// other.
//
// It never interprets what a program inside writes: program output goes through pipes that the driver made. The driver
// treats what comes from inside as untrusted all the same: sizes are bounded and unknown kinds are errors.
//
// Arrows: the standard library and golang.org/x/sys only, because it is linked into the tiny init.
package wire

// The operations of a Request.
const (
	OpExec   = "exec"   // fds: reply, stdin, stdout, stderr, then cgroup task files to enter
	OpPut    = "put"    // fds: reply, the read end of a pipe with a tar
	OpGet    = "get"    // fds: reply, the write end of a pipe for a tar
	OpDial   = "dial"   // fds: reply; the answer carries the socket
	OpListen = "listen" // fds: reply; the answer carries the listening socket
	OpUsage  = "usage"  // fds: reply
)

// Request is one message on the control socket.
type Request struct {
	Op string `json:"op"`

	// exec. Byte strings, because neither arguments nor environment need be UTF-8.
	Argv    [][]byte `json:"argv,omitempty"`
	Env     [][]byte `json:"env,omitempty"`
	Dir     string   `json:"dir,omitempty"`
	Rlimits []Rlimit `json:"rlimits,omitempty"`
	// Join makes the forked child send one byte on the reply socket and wait for one before it executes the program, so
	// that the driver can move it, found by its credentials, into a cgroup first.
	Join  bool  `json:"join,omitempty"`
	Watch Watch `json:"watch,omitzero"`

	// get
	Patterns []string `json:"patterns,omitempty"`
	// put and get
	MaxBytes int64 `json:"max_bytes,omitempty"`
	MaxFiles int   `json:"max_files,omitempty"`

	// dial and listen
	Port int `json:"port,omitempty"`
}

// Rlimit is one resource limit, by the kernel's number. The init clamps it to its own hard limit.
type Rlimit struct {
	Resource int    `json:"r"`
	Soft     uint64 `json:"s"`
	Hard     uint64 `json:"h"`
}

// Watch asks the init to look at /proc for what no cgroup limits. Zero means not watched.
type Watch struct {
	Memory int64 `json:"memory,omitempty"` // bytes, summed over resident anonymous and shared pages
	Pids   int   `json:"pids,omitempty"`
	CPU    int64 `json:"cpu,omitempty"` // nanoseconds
	Inodes int64 `json:"inodes,omitempty"`
	Disk   int64 `json:"disk,omitempty"` // bytes in the writable places
}

// The kinds of a Reply.
const (
	KindHello   = "hello"   // init is ready; first message on the control socket
	KindStarted = "started" // execve succeeded
	KindFailed  = "failed"  // the operation did not happen; Errno and Stage say why
	KindExit    = "exit"    // the program ended and is reaped
	KindDone    = "done"    // put, get, dial, listen or usage succeeded
)

// Stages at which an exec may fail.
const (
	StageLookup = "lookup"
	StageDir    = "dir"
	StageFork   = "fork"
	StageExec   = "exec"
	StageSetup  = "setup"
)

// What the init's watch killed for.
const (
	WatchedMemory = "memory"
	WatchedPids   = "pids"
	WatchedCPU    = "cpu"
	WatchedInodes = "inodes"
	WatchedDisk   = "disk"
)

// Reply is one message from the init.
type Reply struct {
	Kind  string `json:"kind"`
	Errno int    `json:"errno,omitempty"`
	Stage string `json:"stage,omitempty"`
	// Code is a qlp.Code for failures that are the caller's: "invalid" or "exhausted".
	Code  string `json:"code,omitempty"`
	Error string `json:"error,omitempty"`

	// exit
	Status    uint32 `json:"status,omitempty"` // the raw wait status
	CPU       int64  `json:"cpu,omitempty"`    // nanoseconds, of the process and the descendants it waited for
	MaxRSS    int64  `json:"max_rss,omitempty"`
	DiskFull  bool   `json:"disk_full,omitempty"`
	InodeFull bool   `json:"inode_full,omitempty"`
	Watched   string `json:"watched,omitempty"`
	PidsPeak  int    `json:"pids_peak,omitempty"`
	MemPeak   int64  `json:"mem_peak,omitempty"`
	Wall      int64  `json:"wall,omitempty"` // nanoseconds from before the fork until the program was reaped
	// OOMKills and PidsHit are counted by a container's own cgroup, where there is one.
	OOMKills int  `json:"oom_kills,omitempty"`
	PidsHit  bool `json:"pids_hit,omitempty"`
	// Others says that other programs were alive, so that what this one left behind could not all be killed from inside.
	Others bool `json:"others,omitempty"`

	// usage
	DiskUsed   int64 `json:"disk_used,omitempty"`
	InodesUsed int64 `json:"inodes_used,omitempty"`
	Memory     int64 `json:"memory,omitempty"` // bytes now, where the init looks itself
	Pids       int   `json:"pids,omitempty"`
}

// Order is a message from the driver on the reply socket of a running exec.
type Order struct {
	Signal int `json:"signal,omitempty"`
}
