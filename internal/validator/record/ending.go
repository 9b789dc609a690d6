package record

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// Ending sorts how a command ended into the four things a check can make of it.
type Ending int

// The endings.
const (
	Fine     Ending = iota // exit code 0
	Bad                    // the program failed, or was stopped for what it did
	NoTool                 // there is no such program: nothing was asked
	NoAnswer               // the sandbox lost track of it: nothing is known
)

// Ending returns how the command ended, and in words why unless it ended well.
func (r Ran) Ending() (Ending, string) {
	res := r.Result
	name := "the command"
	if len(r.Execution.Argv) > 0 {
		name = r.Execution.Argv[0]
	}
	switch res.Verdict {
	case sandbox.OK:
		return Fine, ""
	case sandbox.Nonzero:
		return Bad, fmt.Sprintf("%s ended with exit code %d", name, res.ExitCode)
	case sandbox.Signaled:
		return Bad, fmt.Sprintf("%s was ended by %s", name, res.Signal)
	case sandbox.TimeoutWall:
		return Bad, fmt.Sprintf("%s was stopped after %.1f s: it took longer than allowed", name, res.Wall.Seconds())
	case sandbox.TimeoutCPU:
		return Bad, fmt.Sprintf("%s was stopped: it used more processor time than allowed", name)
	case sandbox.OOM:
		return Bad, fmt.Sprintf("%s used more memory than allowed (peak %d MiB)", name, res.PeakMemory/sandbox.MiB)
	case sandbox.DiskLimit:
		return Bad, fmt.Sprintf("%s wrote more to disk than allowed", name)
	case sandbox.OutputLimit:
		return Bad, fmt.Sprintf("%s printed more than allowed", name)
	case sandbox.NotStarted:
		if res.Reason == sandbox.ReasonNotFound {
			return NoTool, fmt.Sprintf("%s is not there", name)
		}
		return NoAnswer, fmt.Sprintf("%s could not be started: %s", name, res.Reason)
	default: // internal_error, canceled by somebody else, or a verdict that this version does not know
		return NoAnswer, fmt.Sprintf("the sandbox did not say how %s ended (%s %s)", name, res.Verdict, res.Reason)
	}
}

// Remedy returns what the stack says about installing the tool, as the end of a sentence; "" when it says nothing.
func Remedy(stack qlp.Stack, tool string) string {
	for _, t := range stack.Tools {
		if t.Name == tool && t.Remedy != "" {
			return "; " + t.Remedy
		}
	}
	return ""
}

// Lacks returns the line in which a command that failed says that a package is missing; "" if it does not.
func (r Ran) Lacks(cmd qlp.Command) string {
	if end, _ := r.Ending(); end != Bad {
		return ""
	}
	for _, text := range [][]byte{r.Stderr, r.Stdout} {
		for line := range bytes.Lines(text) {
			for _, words := range cmd.Lacks {
				if bytes.Contains(line, []byte(words)) {
					return "a package is missing that was not fetched: " + strings.ToValidUTF8(string(line[:min(len(line), 400)]), "")
				}
			}
		}
	}
	return ""
}
