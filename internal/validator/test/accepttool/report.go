package accepttool

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// suite is the package's name in the report: cases of it are acceptance cases to every reader.
const suite = "acceptance"

// event is one line of `go test -json`. JSON keeps what a program printed from ever looking like a line of the report.
type event struct {
	Action  string
	Package string
	Test    string  `json:",omitempty"`
	Elapsed float64 `json:",omitempty"`
	Output  string  `json:",omitempty"`
}

// report writes what was found, as it is found.
type report struct {
	out     *json.Encoder
	errs    io.Writer
	played  int
	bad     int
	lost    error // the report could not be written: then nothing passes
	refused bool
}

func newReport(out, errs io.Writer) *report {
	r := &report{out: json.NewEncoder(out), errs: errs}
	r.out.SetEscapeHTML(false)
	r.write(event{Action: "start", Package: suite})
	return r
}

func (r *report) write(e event) {
	if err := r.out.Encode(e); err != nil && r.lost == nil {
		r.lost = err
	}
}

// refuse says why nothing is played.
func (r *report) refuse(why string) {
	r.refused = true
	r.write(event{Action: "output", Package: suite, Output: why + "\n"})
	_, _ = fmt.Fprintln(r.errs, "accept:", why)
}

func (r *report) run(id string) { r.write(event{Action: "run", Package: suite, Test: id}) }

// result ends a case; no difference is a pass.
func (r *report) result(id string, differences []string, took time.Duration) {
	r.played++
	end := event{Action: "pass", Package: suite, Test: id, Elapsed: took.Round(time.Millisecond).Seconds()}
	if len(differences) > 0 {
		r.bad++
		end.Action = "fail"
		_, _ = fmt.Fprintf(r.errs, "case %s failed\n", id)
		for _, d := range differences {
			r.write(event{Action: "output", Package: suite, Test: id, Output: d + "\n"})
			_, _ = fmt.Fprintln(r.errs, "  "+d)
		}
	}
	r.write(end)
}

// exit ends the report and returns the exit code.
func (r *report) exit() int {
	good := r.played > 0 && r.bad == 0 && !r.refused
	end := event{Action: "pass", Package: suite}
	if !good {
		end.Action = "fail"
	}
	r.write(end)
	_, _ = fmt.Fprintf(r.errs, "%d of %d cases are as expected\n", r.played-r.bad, r.played)
	switch {
	case r.lost != nil:
		return ExitBroken
	case !good:
		return ExitBad
	}
	return ExitGood
}
