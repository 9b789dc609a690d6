package sandbox

// Verdict is the one word for how an execution ended.
type Verdict string

// The verdicts, in the order in which Decide prefers them; the last two are the program's own doing.
const (
	InternalError Verdict = "internal_error" // the driver, the init or its report was lost; the only one worth a retry
	Canceled      Verdict = "canceled"       // the caller ended it
	OutputLimit   Verdict = "output_limit"   // killed for writing more than OutputKill
	DiskLimit     Verdict = "disk_limit"     // it failed, and a writable place was full or a file hit FileSize
	OOM           Verdict = "oom"            // it failed, and the kernel had killed for memory
	TimeoutWall   Verdict = "timeout_wall"   // killed for Wall or Idle
	TimeoutCPU    Verdict = "timeout_cpu"    // killed for CPUTime
	NotStarted    Verdict = "not_started"    // the program could not be executed: missing, not executable, wrong kind
	Signaled      Verdict = "signaled"       // ended by a signal
	Nonzero       Verdict = "nonzero"        // ended with an exit code that is not 0
	OK            Verdict = "ok"
)

// Reasons that a Result may carry beside its Verdict.
const (
	ReasonIdle      = "idle"       // TimeoutWall because of Idle
	ReasonPids      = "pids_limit" // the program hit Pids; its own failure followed, or not
	ReasonFileSize  = "file_size"  // DiskLimit because of FileSize
	ReasonDiskFull  = "disk_full"  // DiskLimit because a writable place had no bytes left
	ReasonInodes    = "inodes"     // DiskLimit because a writable place had no inodes left
	ReasonChildOOM  = "child_oom"  // a descendant was killed for memory and the command ended well all the same
	ReasonNotFound  = "not_found"  // NotStarted: no such program
	ReasonNotExec   = "not_exec"   // NotStarted: not executable, or of the wrong kind
	ReasonBadDir    = "bad_dir"    // NotStarted: Dir does not exist
	ReasonInitLost  = "init_lost"  // InternalError: the sandbox's init went away without a report
	ReasonProcess   = "process"    // Canceled by Process.Kill
	ReasonDestroyed = "destroyed"  // Canceled by Sandbox.Destroy
)

// Facts are what a driver itself has recorded about an execution. The program's exit code is only ever the last of them.
type Facts struct {
	Lost           bool // driver, init or report lost
	Canceled       bool // the driver killed for the caller before it saw the exit
	OutputExceeded bool // the driver killed for output
	DiskExceeded   bool // a writable place was full, or SIGXFSZ ended the program
	DiskPassed     bool // what the writable places hold was found to be too much, by looking: nothing was refused
	OOMKills       int  // rise of the kernel's counter
	WallExceeded   bool // the driver killed for Wall or Idle before it saw the exit
	CPUExceeded    bool // the driver killed for CPUTime, or SIGXCPU ended the program
	NotStarted     bool // execve failed
	Signaled       bool
	ExitCode       int
}

// Decide is the order of precedence, the same for every driver: the first that holds wins. Memory and disk are the
// verdict only if the command failed: one that ended with 0 although a child of it was killed, or after it had coped
// with a full disk, ended well. Where the size of the disk is held by looking, nobody was told that it is full: what is found
// then counts, however the command ended, so that the verdict does not depend on who was faster.
func Decide(f Facts) Verdict {
	failed := f.NotStarted || f.Signaled || f.ExitCode != 0
	switch {
	case f.Lost:
		return InternalError
	case f.Canceled:
		return Canceled
	case f.OutputExceeded:
		return OutputLimit
	case f.DiskExceeded && failed, f.DiskPassed:
		return DiskLimit
	case f.OOMKills > 0 && failed:
		return OOM
	case f.WallExceeded:
		return TimeoutWall
	case f.CPUExceeded:
		return TimeoutCPU
	case f.NotStarted:
		return NotStarted
	case f.Signaled:
		return Signaled
	case f.ExitCode != 0:
		return Nonzero
	}
	return OK
}
