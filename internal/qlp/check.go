package qlp

import (
	"encoding/json"
	"slices"
	"time"
)

// Layer groups the checks.
type Layer string

// The layers, in the order in which a table shows them.
const (
	LayerSyntax   Layer = "syntax"
	LayerBuild    Layer = "build"
	LayerTest     Layer = "test"
	LayerStart    Layer = "start"
	LayerSecurity Layer = "security"
	LayerQuality  Layer = "quality"
	LayerPolicy   Layer = "policy"
	LayerReview   Layer = "review"
)

// Status of a check.
type Status string

// The statuses. There is no default: the zero Status is not a status, and a Check that has it is refused.
const (
	Passed  Status = "passed"  // with evidence
	Failed  Status = "failed"  // the project is wrong
	NotRun  Status = "not_run" // not tried, and Reason says why (a tool is missing, an earlier layer failed)
	Errored Status = "error"   // the check itself broke
)

// Check is one question with its evidence. Its status cannot be set from outside: it comes from the constructors, and a
// pass needs an execution, or the digest of what an in-process check has read.
type Check struct {
	Layer      Layer     `json:"layer"`
	Name       string    `json:"name"` // stable within its layer: go-build
	Required   bool      `json:"required"`
	Executions []string  `json:"executions,omitempty"` // ids
	Read       Digest    `json:"read,omitempty"`       // what an in-process check read
	Findings   []Finding `json:"findings,omitempty"`
	Counts     *Counts   `json:"counts,omitempty"` // of tests or probes
	Reason     string    `json:"reason,omitempty"`

	status Status
}

// Counts of tests or probes that were executed. Executed is Passed + Failed; Skipped ones were not.
type Counts struct {
	Passed  int `json:"passed"`
	Failed  int `json:"failed"`
	Skipped int `json:"skipped"`
}

// Executed returns how many really ran.
func (c Counts) Executed() int { return c.Passed + c.Failed }

// Finding is one located problem.
type Finding struct {
	Path     string `json:"path,omitempty"` // within the project
	Line     int    `json:"line,omitempty"` // from 1; 0: the whole file
	Column   int    `json:"column,omitempty"`
	Rule     string `json:"rule"`     // stable: G104, test-failed
	Severity string `json:"severity"` // error, warning, note
	Message  string `json:"message"`
}

// Evidence is what a passed check rests on: executions that were recorded, or the digest of what was read in-process.
type Evidence struct {
	executions []string
	read       Digest
}

// FromExecutions makes evidence of recorded executions.
func FromExecutions(first Execution, more ...Execution) Evidence {
	e := Evidence{executions: []string{first.ID}}
	for _, x := range more {
		e.executions = append(e.executions, x.ID)
	}
	return e
}

// FromReading makes evidence of what an in-process check read.
func FromReading(what Digest) Evidence { return Evidence{read: what} }

// holds reports whether a pass may rest on e: every execution was recorded, and there is one, or a digest of what was read.
func (e Evidence) holds() bool {
	if slices.Contains(e.executions, "") || e.read != "" && e.read.Hex() == "" {
		return false
	}
	return e.read != "" || len(e.executions) > 0
}

// Pass makes a passed check. Empty evidence (the zero value, or an execution without an id) makes an errored one: a pass
// without evidence must not exist.
func Pass(layer Layer, name string, ev Evidence) Check {
	c := base(layer, name, ev)
	if !ev.holds() {
		return Broken(layer, name, Evidence{}, "the check claimed to pass without evidence: no digest of what was read, and no recorded execution")
	}
	c.status = Passed
	return c
}

// Fail makes a failed check.
func Fail(layer Layer, name string, ev Evidence, reason string, findings ...Finding) Check {
	c := base(layer, name, ev)
	c.status, c.Reason, c.Findings = Failed, reason, findings
	return c
}

// Skip makes a check that was not run, and says why.
func Skip(layer Layer, name, reason string) Check {
	return Check{Layer: layer, Name: name, Reason: reason, status: NotRun}
}

// Broken makes a check that could not be answered because the check itself failed.
func Broken(layer Layer, name string, ev Evidence, reason string) Check {
	c := base(layer, name, ev)
	c.status, c.Reason = Errored, reason
	return c
}

func base(layer Layer, name string, ev Evidence) Check {
	return Check{Layer: layer, Name: name, Executions: ev.executions, Read: ev.read}
}

// Status returns the check's status.
func (c Check) Status() Status { return c.status }

// WithCounts returns a copy with counts.
func (c Check) WithCounts(n Counts) Check { c.Counts = &n; return c }

// WithFindings returns a copy with findings added: notes on a check that passed all the same.
func (c Check) WithFindings(f ...Finding) Check {
	c.Findings = append(c.Findings[:len(c.Findings):len(c.Findings)], f...)
	return c
}

// Key names the check within a run.
func (c Check) Key() string { return string(c.Layer) + "/" + c.Name }

type checkJSON struct {
	Layer      Layer     `json:"layer"`
	Name       string    `json:"name"`
	Status     Status    `json:"status"`
	Required   bool      `json:"required"`
	Executions []string  `json:"executions,omitempty"`
	Read       Digest    `json:"read,omitempty"`
	Findings   []Finding `json:"findings,omitempty"`
	Counts     *Counts   `json:"counts,omitempty"`
	Reason     string    `json:"reason,omitempty"`
}

// MarshalJSON writes the check with its status.
func (c Check) MarshalJSON() ([]byte, error) {
	return json.Marshal(checkJSON{c.Layer, c.Name, c.status, c.Required, c.Executions, c.Read, c.Findings, c.Counts, c.Reason})
}

// UnmarshalJSON reads a check, and refuses a status that does not exist, a pass without evidence, and negative counts.
func (c *Check) UnmarshalJSON(b []byte) error {
	var j checkJSON
	if err := json.Unmarshal(b, &j); err != nil {
		return err
	}
	switch j.Status {
	case Failed, NotRun, Errored:
	case Passed:
		if !(Evidence{j.Executions, j.Read}).holds() {
			return Errorf(Invalid, "check %s/%s is passed without evidence", j.Layer, j.Name)
		}
	default:
		return Errorf(Invalid, "check %s/%s has the unknown status %.20q", j.Layer, j.Name, j.Status)
	}
	if n := j.Counts; n != nil && min(n.Passed, n.Failed, n.Skipped) < 0 {
		return Errorf(Invalid, "check %s/%s counts less than nothing", j.Layer, j.Name)
	}
	*c = Check{j.Layer, j.Name, j.Required, j.Executions, j.Read, j.Findings, j.Counts, j.Reason, j.Status}
	return nil
}

// Execution is one command in a sandbox, with its result. Times of day and durations are facts of this run; the
// rest must come out again when the command is run again.
type Execution struct {
	ID          string            `json:"id"`
	Check       string            `json:"check"` // key of the check it serves
	Argv        []string          `json:"argv"`
	Dir         string            `json:"dir,omitempty"`
	Env         map[string]string `json:"env,omitempty"`
	Verdict     string            `json:"verdict"` // the sandbox's: ok, nonzero, oom, timeout_wall, ...
	ExitCode    int               `json:"exit_code"`
	Signal      string            `json:"signal,omitempty"`
	Reason      string            `json:"reason,omitempty"`
	Counts      *Counts           `json:"counts,omitempty"`
	Stdout      Digest            `json:"stdout"` // of what was kept
	Stderr      Digest            `json:"stderr"`
	StdoutBytes int64             `json:"stdout_bytes"` // of all that was written
	StderrBytes int64             `json:"stderr_bytes"`
	Truncated   bool              `json:"truncated,omitempty"`
	StartedAt   time.Time         `json:"started_at"`
	WallMS      int64             `json:"wall_ms"`
	CPUMS       int64             `json:"cpu_ms"`
	PeakMemory  int64             `json:"peak_memory_bytes"`
	Isolation   string            `json:"isolation"`
	Engine      string            `json:"engine"`
	Enforcement map[string]string `json:"enforcement,omitempty"`
}
