package start

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/contract/play"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Seeds of the values in probes: others than those of the acceptance cases, which a service may have seen.
const (
	seedLists = contract.AcceptanceSeed + 6
	seedRows  = contract.AcceptanceSeed + 7
)

// maxFindings bounds what is reported: a service that is wrong everywhere is wrong once.
const maxFindings = 50

// Target is a running service without rows.
type Target struct {
	Spec    qlp.Spec
	OpenAPI []byte
	Base    string // http://127.0.0.1:8080
	Key     string
	Client  *http.Client
}

// Report is what the probes found. Log tells every request and what was answered.
type Report struct {
	Counts   qlp.Counts
	Findings []qlp.Finding
	Log      []byte
}

// Probe compares the OpenAPI file with the Spec, and drives every operation with good and bad input. What is answered must
// be what the contract says, and what the file declares. When ctx is done the probes that are left are not executed, which
// is a finding.
func Probe(ctx context.Context, t Target) Report {
	p := &prober{t: t, player: play.Player{Client: t.Client, Base: t.Base, Key: t.Key}}
	p.file()
	for _, c := range Probes(&t.Spec) {
		if ctx.Err() != nil {
			p.find("unfinished", "the probes took longer than allowed")
			break
		}
		p.play(ctx, c)
	}
	p.undriven()
	p.report.Log = p.log.Bytes()
	return p.report
}

// Probes returns the cases that probe a service: for each operation a good request and bad ones.
func Probes(spec *qlp.Spec) []qlp.Acceptance {
	var out []qlp.Acceptance
	for _, c := range contract.Cases(spec, seedLists) {
		if c.Group == "lists" {
			out = append(out, c)
		}
	}
	for _, c := range contract.Cases(spec, seedRows) {
		if c.Group == "rows" && (endsIn(c.ID, "ids", "create", "create.minimal", "create.unknown", "create.several", "create.malformed", "create.content_type",
			"get", "get.missing", "put", "patch", "update.refused", "update.missing", "delete", "methods", "link", "missing", "unique", "automatic_times") ||
			strings.Contains(c.ID, ".delete.") || strings.HasPrefix(c.ID, "auth.") || strings.HasPrefix(c.ID, "service.")) {
			out = append(out, c)
		}
	}
	return out
}

func endsIn(id string, ends ...string) bool {
	return slices.ContainsFunc(ends, func(e string) bool { return id == e || strings.HasSuffix(id, "."+e) })
}

type prober struct {
	t      Target
	player play.Player
	doc    *document // nil when the file cannot be read
	driven map[string]bool
	report Report
	log    bytes.Buffer
}

func (p *prober) find(rule, format string, args ...any) {
	if len(p.report.Findings) < maxFindings {
		p.report.Findings = append(p.report.Findings, finding(rule, fmt.Sprintf(format, args...)))
	}
}

func (p *prober) count(good bool) {
	if good {
		p.report.Counts.Passed++
	} else {
		p.report.Counts.Failed++
	}
}

// file compares the operations of the project's OpenAPI file with those of the Spec, in both directions.
func (p *prober) file() {
	p.driven = map[string]bool{}
	if p.t.OpenAPI == nil {
		p.find("openapi-missing", "the project has no openapi.json")
		p.count(false)
		return
	}
	doc, err := read(p.t.OpenAPI)
	if err != nil {
		p.find("openapi-unreadable", "%v", err)
		p.count(false)
		return
	}
	p.doc = doc
	wanted := map[string]bool{}
	before := len(p.report.Findings)
	for _, r := range contract.Routes(&p.t.Spec) {
		key := r.Method + " " + shape(r.Path)
		wanted[key] = true
		if _, there := doc.operations[key]; !there {
			p.find("operation-missing", "the OpenAPI file does not declare %s %s", r.Method, r.Path)
		}
	}
	for key := range doc.operations {
		if !wanted[key] {
			p.find("operation-unknown", "the OpenAPI file declares %s, which the Spec does not have", key)
		}
	}
	slices.SortFunc(p.report.Findings, func(a, b qlp.Finding) int { return strings.Compare(a.Message, b.Message) })
	p.count(len(p.report.Findings) == before)
	fmt.Fprintf(&p.log, "openapi.json: %d operations, %d in the Spec\n", len(doc.operations), len(wanted))
}

// play sends the steps of one case, and holds every answer against the file too.
func (p *prober) play(ctx context.Context, c qlp.Acceptance) {
	fmt.Fprintf(&p.log, "\n%s: %s: %s\n", c.ID, c.When, c.Then)
	exchanges, err := p.player.Play(ctx, c)
	if err != nil {
		p.find("unfinished", "%s: %v", c.ID, err)
		p.count(false)
		return
	}
	good := len(exchanges) > 0
	for _, x := range exchanges {
		p.note(x)
		if x.Failed() {
			p.find("probe-failed", "%s (%s: %s)\n%s", c.ID, c.When, c.Then, x)
			good = false
			continue
		}
		if err := p.declared(x); err != nil {
			p.find("undeclared", "%s: %s %s is answered with %d, but in the OpenAPI file: %v", c.ID, x.Step.Method, x.URL, x.Status, err)
			fmt.Fprintf(&p.log, "  not as declared: %v\n", err)
			good = false
		}
	}
	p.count(good)
}

func (p *prober) note(x play.Exchange) {
	fmt.Fprintf(&p.log, "%s %s %s\n  %d %s\n", x.Step.Method, x.URL, brief(x.Sent), x.Status, brief(string(x.Body)))
	for _, w := range append(slices.Clip(x.Wrong), x.NoReply) {
		if w != "" {
			fmt.Fprintf(&p.log, "  wrong: %s\n", w)
		}
	}
}

func brief(s string) string {
	const most = 300
	s = strings.ReplaceAll(s, "\n", `\n`)
	if len(s) > most {
		s = fmt.Sprintf("%s… (%d bytes)", strings.ToValidUTF8(s[:most], ""), len(s))
	}
	return s
}

// declared holds an answer against the OpenAPI file. What is not an operation of the Spec is not in the file.
func (p *prober) declared(x play.Exchange) error {
	path, _, _ := strings.Cut(x.URL, "?")
	op := operationOf(&p.t.Spec, x.Step.Method, path)
	if op == "" || p.doc == nil {
		return nil
	}
	p.driven[op] = p.driven[op] || x.Status != http.StatusUnauthorized
	if path == contract.DescriptionPath && !sameJSON(x.Body, p.t.OpenAPI) {
		return fmt.Errorf("the service describes itself with another file than the project's")
	}
	if _, there := p.doc.operations[op]; !there {
		return nil // told already
	}
	if err := p.doc.answer(op, x.Status, x.Header.Get("Content-Type"), x.Body); err != nil {
		return err
	}
	if x.Status >= 300 || x.Sent == "" || x.Step.Method == http.MethodPatch && x.Sent == "{}" {
		return nil
	}
	return p.doc.request(op, []byte(x.Sent))
}

// operationOf returns the operation of the Spec that a request is for: "GET /books/{}".
func operationOf(spec *qlp.Spec, method, path string) string {
	parts := strings.Split(path, "/")
	for _, r := range contract.Routes(spec) {
		want := strings.Split(r.Path, "/")
		if r.Method != method || len(want) != len(parts) {
			continue
		}
		matches := true
		for i, w := range want {
			matches = matches && (w == parts[i] || strings.HasPrefix(w, "{") && parts[i] != "")
		}
		if matches {
			return r.Method + " " + shape(r.Path)
		}
	}
	return ""
}

// undriven reports operations of the Spec that no probe has driven: the layer must not pass over one in silence. After a case
// that was cut short that is no wonder, and not said again.
func (p *prober) undriven() {
	if p.doc == nil || p.report.Counts.Failed > 0 {
		return
	}
	for _, r := range contract.Routes(&p.t.Spec) {
		if !p.driven[r.Method+" "+shape(r.Path)] {
			p.find("not-driven", "no probe has driven %s %s", r.Method, r.Path)
			p.count(false)
		}
	}
}
