package wire

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// Upgrade is the protocol that a connection is upgraded to when it becomes a stream of bytes.
const Upgrade = "qlp-stream"

// The header and the trailers that the protocol adds to HTTP's own. A stream of files ends with EndTrailer; without it, it
// was cut off.
const (
	KeyHeader      = "Idempotency-Key"
	EndTrailer     = "Qlp-End"
	ProblemTrailer = "Qlp-Problem"
)

// Go is the one byte that an executor writes on a waiting stream when a program's connection comes out on it.
const Go = 1

// MaxBody bounds every body that is one JSON text: specs and commands with their environment.
const MaxBody = 4 << 20

// Spec is sandbox.Spec without what means something on the caller's machine only.
type Spec struct {
	Limits    Limits            `json:"limits"`
	Env       [][]byte          `json:"env,omitempty"` // NAME=value, base64: they need not be UTF-8
	Stack     string            `json:"stack,omitempty"`
	Isolation sandbox.Level     `json:"isolation,omitempty"`
	Egress    bool              `json:"egress,omitempty"`
	Require   bool              `json:"require,omitempty"`
	Labels    map[string]string `json:"labels,omitempty"`
}

// Limits is sandbox.Limits, times in nanoseconds. The conversion between the two keeps them alike.
type Limits struct {
	CPUs       float64       `json:"cpus,omitempty"`
	CPUTime    time.Duration `json:"cpu_time,omitempty"`
	Wall       time.Duration `json:"wall,omitempty"`
	Idle       time.Duration `json:"idle,omitempty"`
	Memory     int64         `json:"memory,omitempty"`
	Pids       int           `json:"pids,omitempty"`
	Disk       int64         `json:"disk,omitempty"`
	Inodes     int64         `json:"inodes,omitempty"`
	Output     int64         `json:"output,omitempty"`
	OutputKill int64         `json:"output_kill,omitempty"`
	FileSize   int64         `json:"file_size,omitempty"`
	CopyOut    int64         `json:"copy_out,omitempty"`
}

// Cmd is sandbox.Cmd. ID is the caller's name for this execution, by which it can be killed. If Stdin is set, the program's
// input follows the JSON text's line in the same body.
type Cmd struct {
	ID     string   `json:"id"`
	Argv   [][]byte `json:"argv"`
	Env    [][]byte `json:"env,omitempty"`
	Dir    []byte   `json:"dir,omitempty"`
	Limits Limits   `json:"limits"`
	Stdin  bool     `json:"stdin,omitempty"`
	Stdout bool     `json:"stdout,omitempty"` // wanted live
	Stderr bool     `json:"stderr,omitempty"`
}

// Result is sandbox.Result in full, outputs in base64.
type Result struct {
	Verdict     sandbox.Verdict   `json:"verdict"`
	ExitCode    int               `json:"exit_code"`
	Signal      string            `json:"signal,omitempty"`
	Reason      string            `json:"reason,omitempty"`
	Wall        time.Duration     `json:"wall"`
	CPU         time.Duration     `json:"cpu"`
	PeakMemory  int64             `json:"peak_memory"`
	PidsPeak    int               `json:"pids_peak"`
	Stdout      []byte            `json:"stdout,omitempty"`
	Stderr      []byte            `json:"stderr,omitempty"`
	StdoutBytes int64             `json:"stdout_bytes"`
	StderrBytes int64             `json:"stderr_bytes"`
	Truncated   bool              `json:"truncated,omitempty"`
	OOMKills    int               `json:"oom_kills,omitempty"`
	Isolation   sandbox.Level     `json:"isolation"`
	Engine      string            `json:"engine"`
	Enforcement map[string]string `json:"enforcement"`
}

// Created answers a creation. A sandbox that is not used for IdleSeconds is destroyed.
type Created struct {
	ID          string  `json:"id"`
	IdleSeconds float64 `json:"idle_seconds"`
}

// Capabilities is what an executor can do and how full it is.
type Capabilities struct {
	sandbox.Capabilities

	Sandboxes int `json:"sandboxes"`
	Max       int `json:"max_sandboxes"`
}

// Signal is the body of a request to send one.
type Signal struct {
	Signal int `json:"signal"`
}

// Pairs writes an environment in a fixed order.
func Pairs(env map[string]string) [][]byte {
	var list [][]byte
	for _, k := range slices.Sorted(maps.Keys(env)) {
		list = append(list, []byte(k+"="+env[k]))
	}
	return list
}

// Env reads what Pairs wrote.
func Env(list [][]byte) (map[string]string, error) {
	env := map[string]string{}
	for _, kv := range list {
		k, v, ok := bytes.Cut(kv, []byte("="))
		if !ok || len(k) == 0 || bytes.IndexByte(kv, 0) >= 0 {
			return nil, qlp.Errorf(qlp.Invalid, "%.40q is no variable of an environment", kv)
		}
		env[string(k)] = string(v)
	}
	return env, nil
}
