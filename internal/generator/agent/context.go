package agent

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// part is a piece of a prompt that may be cut. Its items stand in the order of their worth: those that do not fit are left out
// from the end, and the prompt says how many.
type part struct {
	title string
	items []string
	share int // the most it gets, in hundredths of the room
}

// The ranks, from what is cut last to what is cut first. The Spec, the plan, the task and the files it owns are never cut: a
// prompt in which they do not fit is an error.
const (
	rankEvidence = iota + 1
	rankInterfaces
	rankContract
	rankCases
	rankOthers
)

// assembled is a coder's prompt in its parts.
type assembled struct {
	Spec, Plan, Task, Own                         string
	Contract, Interfaces, Cases, Others, Evidence string
	Stack                                         string
	Fresh, Repair                                 bool
	Tag                                           string
	Short, MaxFiles, MaxFile                      int
}

// assemble fits what the coder may know into room bytes. fixed is what the system prompt and the protocol take.
func (a *Agent) assemble(req generator.Request, fixed, room int) (assembled, error) {
	facts, err := a.stackFacts(req)
	if err != nil {
		return assembled{}, err
	}
	spec, err := a.spec(req.Spec)
	if err != nil {
		return assembled{}, err
	}
	own, others := divide(req)
	out := assembled{
		Stack: facts, Spec: spec, Plan: a.desk.Data("the plan, as a tree of tasks and the paths they own", planner.Tree(req.Plan, nil)),
		Task: a.task(req.Task), Own: a.own(own), Fresh: len(own) == 0, Repair: len(req.Failure) > 0 && req.Strategy != generator.Elsewhere,
		Short: wholeBelow, MaxFiles: maxFiles, MaxFile: maxFile >> 10,
	}
	taken := fixed + len(out.Stack) + len(out.Spec) + len(out.Plan) + len(out.Task) + len(out.Own)
	if taken > room {
		return assembled{}, qlp.Errorf(qlp.Invalid,
			"the prompt of task %s does not fit: the Spec, the plan and the task's own files take %d bytes, the model's window leaves %d", req.Task.ID, taken, room).
			WithRemedy("give the role coder a model with a larger window, or divide the task")
	}
	parts := map[int]*part{
		rankEvidence:   {title: "what was found wrong", items: a.evidence(req), share: 30},
		rankInterfaces: {title: "files this task builds on", items: a.interfaces(req, others), share: 35},
		rankContract:   {title: "the HTTP contract", items: a.contract(req.Spec), share: 30},
		rankCases:      {title: "acceptance cases", items: a.acceptance(req), share: 25},
		rankOthers:     {title: "other files of the project", items: a.others(req, others), share: 100},
	}
	if req.Strategy == generator.MoreContext {
		parts[rankEvidence].share = 60
	}
	texts := fit(parts, room-taken)
	out.Evidence, out.Interfaces, out.Contract = texts[rankEvidence], texts[rankInterfaces], texts[rankContract]
	out.Cases, out.Others = texts[rankCases], texts[rankOthers]
	return out, nil
}

// fit gives each part, by rank, the items that fit into its share and into what is left.
func fit(parts map[int]*part, room int) map[int]string {
	texts := map[int]string{}
	left := room
	for rank := 1; rank <= len(parts); rank++ {
		p := parts[rank]
		budget := min(room*p.share/100, left)
		var b strings.Builder
		for i, item := range p.items {
			note := fmt.Sprintf("[%d of %d are left out: no room for %s]\n", len(p.items)-i, len(p.items), p.title)
			if b.Len()+len(item)+len(note) > budget {
				if b.Len()+len(note) <= budget {
					b.WriteString(note)
				}
				break
			}
			b.WriteString(item)
		}
		texts[rank] = b.String()
		left -= b.Len()
	}
	return texts
}

// spec is the Spec as a person would write it, without what only the tests and the interpreter need.
func (a *Agent) spec(s qlp.Spec) (string, error) {
	s.Acceptance, s.Questions, s.Sources = nil, nil, nil
	yaml, err := specfile.Write(&s)
	if err != nil {
		return "", err
	}
	return a.desk.Data("the Spec", string(yaml)), nil
}

// task is the task in words.
func (a *Agent) task(t qlp.Task) string {
	var b strings.Builder
	fmt.Fprintf(&b, "id: %s\ntitle: %s\nowns: %s\nafter: %s\n", t.ID, t.Title, strings.Join(t.Owns, " "), strings.Join(t.After, " "))
	for _, words := range t.Accept {
		fmt.Fprintf(&b, "good when: %s\n", words)
	}
	return a.desk.Data("your task", b.String())
}

// divide returns the task's own files as they are, and all others. A task that is written anew has none of its own.
func divide(req generator.Request) (own, others []qlp.File) {
	for _, f := range req.Files {
		switch {
		case !req.Task.Owner(f.Path):
			others = append(others, f)
		case req.Strategy != generator.Elsewhere:
			own = append(own, f)
		}
	}
	byPath := func(x, y qlp.File) int { return cmp.Compare(x.Path, y.Path) }
	slices.SortFunc(own, byPath)
	slices.SortFunc(others, byPath)
	return own, others
}

// own shows the task's files whole, each with how it is to be changed.
func (a *Agent) own(files []qlp.File) string {
	var b strings.Builder
	for _, f := range files {
		n := strings.Count(string(f.Content), "\n")
		how := "give it whole"
		if n >= wholeBelow {
			how = "change it by edit"
		}
		b.WriteString(a.desk.Data(fmt.Sprintf("your file %s, %d lines: %s", f.Path, n, how), string(f.Content)))
	}
	return b.String()
}

// contract is what every service must do, a section an item.
func (a *Agent) contract(s qlp.Spec) []string {
	if s.Kind != qlp.KindService {
		return nil
	}
	var items []string
	for i, section := range strings.Split(contract.Text(), "\n## ") {
		if i > 0 {
			section = "## " + section
		}
		if !strings.HasPrefix(section, "## How a service is held") { // that is about us, not about the service
			items = append(items, strings.TrimSpace(section)+"\n\n")
		}
	}
	return items
}

// interfaces shows what the tasks before this one offer: what is exported, or a small file whole.
func (a *Agent) interfaces(req generator.Request, others []qlp.File) []string {
	if req.Strategy == generator.MoreContext {
		return nil // the whole files follow
	}
	before := map[string]bool{}
	dependencies(req.Plan, req.Task, before)
	var items []string
	for _, f := range others {
		owner, found := req.Plan.OwnerOf(f.Path)
		if !found || !before[owner.ID] || owner.Role == qlp.RoleAcceptance {
			continue
		}
		if text := interfaceOf(f); text != "" {
			items = append(items, a.desk.Data("what "+f.Path+" offers", text))
		}
	}
	return items
}

// dependencies gathers the ids of every task that t builds on.
func dependencies(plan qlp.Plan, t qlp.Task, into map[string]bool) {
	for _, id := range t.After {
		if !into[id] {
			into[id] = true
			if d, found := plan.Task(id); found {
				dependencies(plan, d, into)
			}
		}
	}
}

// others shows all other files whole, the small ones first, when more context is asked for.
func (a *Agent) others(req generator.Request, others []qlp.File) []string {
	if req.Strategy != generator.MoreContext {
		return nil
	}
	sorted := slices.Clone(others)
	slices.SortStableFunc(sorted, func(x, y qlp.File) int { return cmp.Compare(len(x.Content), len(y.Content)) })
	var items []string
	for _, f := range sorted {
		if owner, found := req.Plan.OwnerOf(f.Path); !found || owner.Role != qlp.RoleAcceptance {
			items = append(items, a.desk.Data("file "+f.Path+", of another task", string(f.Content)))
		}
	}
	return items
}
