package eval

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

// Report is what a run has shown. Every number in it follows from the samples; what is not known is absent.
type Report struct {
	Header
	Finished  int            `json:"finished"` // samples judged
	All       int            `json:"all"`
	Statuses  map[Status]int `json:"statuses"`
	PassAt    []PassRate     `json:"pass_at"`
	Languages []Group        `json:"languages"`
	Kills     *Kills         `json:"kills,omitempty"` // of the mutated oracle
	Cost      Cost           `json:"cost"`
	Time      Times          `json:"time"`
	Problems  []ProblemRow   `json:"problem_rows"`
	Samples   []Sample       `json:"sample_rows"`
}

// PassRate is pass@k over the problems that have at least k judged samples.
type PassRate struct {
	K        int    `json:"k"`
	Problems int    `json:"problems"`
	Method   string `json:"interval"` // wilson, bootstrap
	Interval
}

// Group is the share of solved problems of one language: pass@1.
type Group struct {
	Name     string `json:"name"`
	Problems int    `json:"problems"`
	Interval
}

// Kills is how many mutants the suite's tests have caught.
type Kills struct {
	Mutants   int      `json:"mutants"`
	Caught    int      `json:"caught"`
	Rate      Interval `json:"rate"`
	Survivors []Sample `json:"survivors"`
}

// Cost is what models took. PerSolved is nil when nothing was solved or a price is unknown.
type Cost struct {
	Micros    int64    `json:"micros"`
	Tokens    int64    `json:"tokens"`
	Calls     int64    `json:"calls"`
	Unpriced  int      `json:"unpriced"` // samples that asked a model whose price is unknown
	PerSolved *float64 `json:"micros_per_solved,omitempty"`
}

// Times in milliseconds.
type Times struct {
	SolveP50  float64  `json:"solve_p50_ms"`
	SolveP95  float64  `json:"solve_p95_ms"`
	JudgeP50  float64  `json:"judge_p50_ms"`
	JudgeP95  float64  `json:"judge_p95_ms"`
	Sum       float64  `json:"sum_ms"` // of both, over all samples
	PerSolved *float64 `json:"per_solved_ms,omitempty"`
}

// ProblemRow is a problem with its samples.
type ProblemRow struct {
	ID       string `json:"id"`
	Language string `json:"language"`
	Judged   int    `json:"judged"`
	Passed   int    `json:"passed"`
	Reason   string `json:"reason,omitempty"` // of the first sample that did not pass
}

// NewReport counts a run's samples.
func NewReport(h Header, samples []Sample) Report {
	r := Report{Header: h, All: len(h.Problems) * h.Samples, Statuses: map[Status]int{}, Samples: samples}
	byProblem := map[string][]Sample{}
	for _, s := range samples {
		r.Statuses[s.Status]++
		if s.Status != Errored {
			r.Finished++
			byProblem[s.Problem] = append(byProblem[s.Problem], s)
		}
	}
	for _, id := range h.Problems {
		r.Problems = append(r.Problems, problemRow(id, byProblem[id]))
	}
	for _, k := range h.K {
		if p, ok := passRate(k, r.Problems, h.Seed); ok {
			r.PassAt = append(r.PassAt, p)
		}
	}
	r.Languages = groups(r.Problems)
	r.Cost, r.Time = totals(samples, r.Statuses[Passed])
	if h.Solver == MutatedName {
		r.Kills = kills(samples)
	}
	return r
}

func problemRow(id string, samples []Sample) ProblemRow {
	row := ProblemRow{ID: id, Judged: len(samples)}
	for _, s := range samples {
		row.Language = s.Language
		switch {
		case s.Status == Passed:
			row.Passed++
		case row.Reason == "":
			row.Reason = s.Reason
		}
	}
	return row
}

// passRate is false when no problem has k samples.
func passRate(k int, rows []ProblemRow, seed int64) (PassRate, bool) {
	var values []float64
	for _, row := range rows {
		if row.Judged >= k {
			values = append(values, PassAt(k, row.Judged, row.Passed))
		}
	}
	if len(values) == 0 || k < 1 {
		return PassRate{}, false
	}
	if k == 1 {
		return PassRate{1, len(values), "wilson", Wilson(mean(values)*float64(len(values)), len(values))}, true
	}
	return PassRate{k, len(values), "bootstrap", Bootstrap(values, uint64(seed))}, true //nolint:gosec // G115: any number is a seed
}

func groups(rows []ProblemRow) []Group {
	by := map[string][]ProblemRow{}
	for _, row := range rows {
		if row.Judged > 0 {
			by[row.Language] = append(by[row.Language], row)
		}
	}
	var out []Group
	for _, name := range slices.Sorted(maps.Keys(by)) {
		if p, ok := passRate(1, by[name], 0); ok {
			out = append(out, Group{name, p.Problems, p.Interval})
		}
	}
	return out
}

func totals(samples []Sample, solved int) (Cost, Times) {
	var c Cost
	var t Times
	var solve, judge []float64
	for _, s := range samples {
		c.Micros += s.Spent.Micros
		c.Tokens += s.Spent.Tokens
		c.Calls += s.Spent.Calls
		if s.Spent.Calls > 0 && !s.Spent.Priced {
			c.Unpriced++
		}
		solve = append(solve, float64(s.Spent.Wall)/float64(time.Millisecond))
		judge = append(judge, float64(s.JudgeMS))
		t.Sum += solve[len(solve)-1] + judge[len(judge)-1]
	}
	t.SolveP50, t.SolveP95 = quantile(solve, 0.5), quantile(solve, 0.95)
	t.JudgeP50, t.JudgeP95 = quantile(judge, 0.5), quantile(judge, 0.95)
	if solved > 0 {
		each := t.Sum / float64(solved)
		t.PerSolved = &each
		if c.Unpriced == 0 && c.Calls > 0 {
			micros := float64(c.Micros) / float64(solved)
			c.PerSolved = &micros
		}
	}
	return c, t
}

// quantile is the value that a share q of the values does not pass; 0 of none.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[max(int(math.Ceil(q*float64(len(sorted))))-1, 0)]
}

func kills(samples []Sample) *Kills {
	k := &Kills{Survivors: []Sample{}}
	for _, s := range samples {
		switch s.Status {
		case Passed:
			k.Mutants++
			k.Survivors = append(k.Survivors, s)
		case Failed:
			k.Mutants++
			k.Caught++
		case Declined, Errored: // no such mutant, or not judged
		}
	}
	k.Rate = Wilson(float64(k.Caught), k.Mutants)
	return k
}

// Missed says why an oracle did not prove the judge, or "". bar is the share of mutants that must be caught: some mean the same as
// their source, and some the suite's own tests do not tell apart.
func (r Report) Missed(bar float64) string {
	switch r.Solver {
	case CanonicalName:
		if n := r.Statuses[Passed]; n != r.All {
			return fmt.Sprintf("%d of %d canonical solutions passed; all must", n, r.All)
		}
	case MutatedName:
		if r.Kills.Mutants == 0 || r.Kills.Rate.Value < bar {
			return fmt.Sprintf("%d of %d mutants were caught; at least %.0f %% must be", r.Kills.Caught, r.Kills.Mutants, bar*100)
		}
	}
	return ""
}

// JSON is the report for programs.
func (r Report) JSON() ([]byte, error) {
	b, err := json.MarshalIndent(r, "", "  ")
	return append(b, '\n'), err
}
