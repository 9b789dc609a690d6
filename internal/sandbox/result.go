package sandbox

import (
	"encoding/json"
	"strings"
	"time"
)

// Result is what one command did.
type Result struct {
	Verdict Verdict
	// ExitCode is the program's own, and -1 if it has none.
	ExitCode int
	// Signal is the name of the signal that ended the program, such as "SIGSEGV". 128+n from a shell is an exit code.
	Signal string
	// Reason refines the verdict; see the Reason constants. It may be set on an OK result as a warning.
	Reason string
	Wall   time.Duration
	CPU    time.Duration
	// PeakMemory is in bytes, of the command with its descendants where cgroups are available, of its largest process
	// otherwise.
	PeakMemory int64
	// PidsPeak is the largest number of processes and threads seen, 0 if the kernel does not say.
	PidsPeak int
	// Stdout and Stderr hold at most Limits.Output each. If more was written, they are head and tail with one line
	// between that says how many bytes are missing, and Truncated is set.
	Stdout, Stderr           []byte
	StdoutBytes, StderrBytes int64
	Truncated                bool
	OOMKills                 int
	Isolation                Level
	// Engine is what isolated it, with its version: "bubblewrap 0.8.0".
	Engine string
	// Enforcement says for every limit, by its name in lower snake case, how it was held: Enforced or BestEffort. Weak
	// drivers also say what they leave open, as Unheld.
	Enforcement map[string]string
}

// How a limit is held.
const (
	Enforced   = "enforced"    // by the kernel, or by a kill that the program cannot escape
	BestEffort = "best_effort" // by looking now and then
	Unheld     = "unheld"      // not at all: said of the network by drivers that share it with the machine
)

type resultJSON struct {
	Verdict     Verdict           `json:"verdict"`
	ExitCode    int               `json:"exit_code"`
	Signal      string            `json:"signal"`
	Reason      string            `json:"reason"`
	WallMS      float64           `json:"wall_ms"`
	CPUMS       float64           `json:"cpu_ms"`
	PeakMemory  int64             `json:"peak_memory_bytes"`
	Stdout      string            `json:"stdout"`
	Stderr      string            `json:"stderr"`
	Truncated   bool              `json:"truncated"`
	Isolation   Level             `json:"isolation"`
	Engine      string            `json:"engine"`
	Enforcement map[string]string `json:"enforcement"`
}

// MarshalJSON gives the object that `qlp sandbox run --json` prints. Output that is not UTF-8 has its bad bytes replaced.
func (r Result) MarshalJSON() ([]byte, error) {
	return json.Marshal(resultJSON{
		Verdict: r.Verdict, ExitCode: r.ExitCode, Signal: r.Signal, Reason: r.Reason,
		WallMS: millis(r.Wall), CPUMS: millis(r.CPU), PeakMemory: r.PeakMemory,
		Stdout: strings.ToValidUTF8(string(r.Stdout), "\uFFFD"), Stderr: strings.ToValidUTF8(string(r.Stderr), "\uFFFD"),
		Truncated: r.Truncated, Isolation: r.Isolation, Engine: r.Engine, Enforcement: r.Enforcement,
	})
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
