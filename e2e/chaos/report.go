package chaos

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Report is what was played, and what was found.
type Report struct {
	Config     Config
	NoDisk     string // why no full disk was played
	Started    time.Time
	Calm       time.Time // when the last fault had been made
	Ended      time.Time // when the last intent had, and every process
	Audited    time.Time
	Faults     []Fault
	Guests     []Guest
	Starts     int    // of processes
	Alone      []life // of processes that ended and that nobody had killed
	Retries    int    // calls of callers that had to be made again
	Resumed    int    // pauses that a caller ended
	Verified   int    // capsules
	Violations []Violation

	facts   Facts
	impacts []impact
}

// Good says whether nothing was found that must not be.
func (r *Report) Good() bool { return len(r.Violations) == 0 }

// Effective counts the kills that hit while an intent was under way.
func (r *Report) Effective() (n int) {
	for i, f := range r.Faults {
		if f.Kind == Kill && i < len(r.impacts) && len(r.impacts[i].phases) > 0 {
			n++
		}
	}
	return n
}

func (r *Report) measure(facts Facts) { r.facts, r.impacts = facts, impacts(facts, r.Faults) }

// rough says whether the machine failed in ways that may end a run without an answer.
func (r *Report) rough() bool {
	return slices.ContainsFunc(r.Faults, func(f Fault) bool { return f.Kind == Fill || f.Kind == Cut || f.Kind == Freeze })
}

// Markdown writes the report.
func (r *Report) Markdown() string {
	var b strings.Builder
	p := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	p("## %s: %d kills, %d violations\n", title(r.Config), r.count(Kill), len(r.Violations))
	p("| | |\n|---|---|")
	p("| seed | %d |", r.Config.Seed)
	p("| machine | %s |", machine())
	p("| started | %s |", r.Started.Format(time.RFC3339))
	p("| faults | %s |", r.Calm.Sub(r.Started).Round(time.Second))
	p("| to the end of the last intent | %s more |", r.Ended.Sub(r.Calm).Round(time.Second))
	p("| audit | %s |", r.Audited.Sub(r.Ended).Round(time.Second))
	p("| intents, runs, attempts, events | %d, %d, %d, %d |", len(r.facts.Intents), len(r.facts.Runs), len(r.facts.Attempts), len(r.facts.Events))
	p("| model calls in the ledger | %d (%d lost with their process) |", len(r.facts.Calls), r.lost())
	p("| kills that hit while an intent was under way | **%d of %d** |", r.Effective(), r.count(Kill))
	if n, known := r.atWork(); known {
		p("| kills of a replica that was at work on a job | %d |", n)
	}
	p("| processes started; ended by themselves, while the disk was full or the database away | %d; %d |", r.Starts, len(r.Alone))
	p("| calls that callers had to make again | %d |", r.Retries)
	p("| WebSocket connections after an intent's first | %d |", r.joins())
	p("| pauses that callers ended | %d |", r.Resumed)
	p("| capsules verified (commands run again) | %d (%d) |", r.Verified, min(r.Config.Reruns, r.Verified))
	if r.NoDisk != "" {
		p("| not played | full disks: %s |", r.NoDisk)
	}
	p("| violations | **%d** |", len(r.Violations))
	r.faults(p)
	r.phases(p)
	r.recovery(p)
	r.ends(p)
	if len(r.Violations) > 0 {
		p("\n### Violations\n\nThe data and the logs are kept in %s.\n", r.Config.Work)
		for _, v := range r.Violations {
			p("- %s", v)
		}
	}
	return b.String()
}

type printer func(format string, args ...any)

func (r *Report) faults(p printer) {
	p("\n### Faults\n\n| kind | how, or aimed at | made | of these, the moment aimed at did not come |\n|---|---|---|---|")
	type key struct {
		kind Kind
		how  string
	}
	made, missed := map[key]int{}, map[key]int{}
	for _, f := range r.Faults {
		made[key{f.Kind, f.How}]++
		if f.Missed {
			missed[key{f.Kind, f.How}]++
		}
	}
	for _, k := range slices.SortedFunc(maps.Keys(made), func(a, b key) int {
		return cmp.Or(cmp.Compare(b.kind, a.kind), cmp.Compare(a.how, b.how))
	}) {
		p("| %s | %s | %d | %d |", k.kind, k.how, made[k], missed[k])
	}
}

func (r *Report) phases(p printer) {
	p("\n### What was under way\n\nHow many faults of a kind met an intent in a phase; one fault may meet several. Submit: a call that hands an intent in was under way.\n")
	kinds := []Kind{Kill, Freeze, Cut, Fill}
	phases := []string{"submit", "interpret", "plan", "between tasks", "attempt", "verification", "pack"}
	counts := map[Kind]map[string]int{}
	for i, f := range r.Faults {
		met := map[string]bool{"submit": f.Submitting}
		if i < len(r.impacts) {
			for _, phase := range r.impacts[i].phases {
				met[phase] = true
			}
		}
		if counts[f.Kind] == nil {
			counts[f.Kind] = map[string]int{}
		}
		for phase, yes := range met {
			if yes {
				counts[f.Kind][phase]++
			}
		}
	}
	p("| | %s |", strings.Join(phases, " | "))
	p("|---%s|", strings.Repeat("|---", len(phases)))
	for _, k := range kinds {
		row := []string{string(k)}
		for _, phase := range phases {
			row = append(row, fmt.Sprint(counts[k][phase]))
		}
		p("| %s |", strings.Join(row, " | "))
	}
}

func (r *Report) recovery(p printer) {
	p("\n### Recovery\n\nFrom a fault to the next event; where the next fault came first, it is not counted.\n")
	p("| | counted | p50 | p95 | max |\n|---|---|---|---|---|")
	for _, k := range []Kind{Kill, Freeze, Cut, Fill} {
		var first, each []time.Duration
		for i, f := range r.Faults {
			if f.Kind != k || i >= len(r.impacts) {
				continue
			}
			if r.impacts[i].first > 0 {
				first = append(first, r.impacts[i].first)
			}
			each = append(each, r.impacts[i].recovery...)
		}
		for _, row := range []struct {
			name string
			list []time.Duration
		}{{"of any intent", first}, {"of each intent that was under way", each}} {
			if len(row.list) > 0 {
				p("| %s: %s | %d | %s | %s | %s |", k, row.name, len(row.list), ms(quantile(row.list, .5)), ms(quantile(row.list, .95)), ms(quantile(row.list, 1)))
			}
		}
	}
}

func (r *Report) ends(p printer) {
	p("\n### Ends\n\n| intent | handed in | ended as |\n|---|---|---|")
	state := map[string]string{}
	for _, in := range r.facts.Intents {
		state[in.Key] = string(in.State)
		if machineFailed(in) {
			state[in.Key] += " (the machine failed)"
		}
	}
	all, by := map[string]int{}, map[string]map[string]int{}
	for _, g := range r.Guests {
		if by[g.Dish] == nil {
			by[g.Dish] = map[string]int{}
		}
		all[g.Dish]++
		by[g.Dish][state[g.Key]]++
	}
	for _, dish := range slices.Sorted(maps.Keys(all)) {
		var ends []string
		for _, s := range slices.Sorted(maps.Keys(by[dish])) {
			ends = append(ends, fmt.Sprintf("%s %d", s, by[dish][s]))
		}
		p("| %s | %d | %s |", dish, all[dish], strings.Join(ends, ", "))
	}
}

func (r *Report) count(k Kind) (n int) {
	for _, f := range r.Faults {
		if f.Kind == k {
			n++
		}
	}
	return n
}

func (r *Report) atWork() (n int, known bool) {
	for _, f := range r.Faults {
		if f.Kind == Kill && f.Working >= 0 {
			known = true
			if f.Working > 0 {
				n++
			}
		}
	}
	return n, known
}

func (r *Report) lost() (n int) {
	for _, c := range r.facts.Calls {
		if c.State == "lost" {
			n++
		}
	}
	return n
}

func (r *Report) joins() (n int) {
	for _, g := range r.Guests {
		n += g.Joins
	}
	return n
}

func title(c Config) string {
	if c.Database == SQLite {
		return "SQLite, one process"
	}
	return fmt.Sprintf("PostgreSQL, %d replicas", c.Replicas)
}

func ms(d time.Duration) string { return fmt.Sprintf("%.0f ms", float64(d.Microseconds())/1000) }

// machine describes what it was played on.
func machine() string {
	model := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer func() { _ = f.Close() }()
		for s := bufio.NewScanner(f); s.Scan(); {
			if name, value, ok := strings.Cut(s.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	kernel, _ := os.ReadFile("/proc/sys/kernel/osrelease") // without it, the line is shorter
	return fmt.Sprintf("%s, %d cores, Linux %s, %s", model, runtime.NumCPU(), strings.TrimSpace(string(kernel)), runtime.Version())
}
