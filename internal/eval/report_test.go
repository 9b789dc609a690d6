package eval_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/eval"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// hostile is a text that must stay a text.
const hostile = `</td><script>alert(1)</script><img src=x onerror=alert(2)>`

func measured() eval.Report {
	h := eval.Header{
		Suite: "sample", Source: "sample", Digest: qlp.DigestOf([]byte("x")), Problems: []string{"a", "b", "c", hostile}, Solver: "model:test/" + hostile,
		Samples: 3, K: []int{1, 3}, Seed: 1,
	}
	var samples []eval.Sample
	add := func(problem, language string, statuses ...eval.Status) {
		for n, s := range statuses {
			samples = append(samples, eval.Sample{
				Problem: problem, Sample: n, Language: language, Status: s, Reason: map[eval.Status]string{eval.Failed: "assert " + hostile}[s],
				Spent: eval.Spent{Wall: time.Duration(n+1) * 400 * time.Millisecond, Micros: 1500, Priced: true, Tokens: 900, Calls: 1}, JudgeMS: int64(80 * (n + 1)),
			})
		}
	}
	add("a", "python", eval.Passed, eval.Passed, eval.Passed)
	add("b", "python", eval.Failed, eval.Passed, eval.Failed)
	add("c", "go", eval.Failed, eval.Declined, eval.Failed)
	add(hostile, "rust", eval.Errored, eval.Passed)
	return eval.NewReport(h, samples)
}

// TestTheReportCounts what there is, and says apart what there is not.
func TestTheReportCounts(t *testing.T) {
	t.Parallel()
	r := measured()
	if r.Finished != 10 || r.All != 12 || r.Statuses[eval.Passed] != 5 || r.Statuses[eval.Errored] != 1 {
		t.Errorf("%d of %d, %v", r.Finished, r.All, r.Statuses)
	}
	if p := r.PassAt; len(p) != 2 || !near(p[0].Value, (1+1.0/3+0+1)/4) || p[0].Method != "wilson" || !near(p[1].Value, 2.0/3) || p[1].Problems != 3 || p[1].Method != "bootstrap" {
		t.Errorf("%+v", p)
	}
	if r.Cost.Micros != 11*1500 || r.Cost.PerSolved == nil || !near(*r.Cost.PerSolved, 3300) {
		t.Errorf("%+v", r.Cost)
	}
	if len(r.Languages) != 3 || r.Languages[1].Name != "python" || !near(r.Languages[1].Value, 2.0/3) {
		t.Errorf("%+v", r.Languages)
	}
	b, err := r.JSON()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", string(b))
	var again eval.Report
	if err := json.Unmarshal(b, &again); err != nil || again.Finished != 10 {
		t.Errorf("it does not come back: %v", err)
	}
}

// TestOracleBars: one canonical solution that fails, or is missing, and too few mutants caught, are misses.
func TestOracleBars(t *testing.T) {
	t.Parallel()
	report := func(solver string, statuses ...eval.Status) eval.Report {
		h := eval.Header{Solver: solver, Samples: 1, K: []int{1}}
		var samples []eval.Sample
		for i, s := range statuses {
			h.Problems = append(h.Problems, string(rune('a'+i)))
			samples = append(samples, eval.Sample{Problem: h.Problems[i], Status: s})
		}
		return eval.NewReport(h, samples)
	}
	for _, tc := range []struct {
		report eval.Report
		good   bool
	}{
		{report(eval.CanonicalName, eval.Passed, eval.Passed), true},
		{report(eval.CanonicalName, eval.Passed, eval.Failed), false},
		{report(eval.CanonicalName, eval.Passed, eval.Errored), false},
		{report(eval.MutatedName, eval.Failed, eval.Failed, eval.Declined), true},
		{report(eval.MutatedName, eval.Failed, eval.Passed), false},
		{report(eval.MutatedName, eval.Declined), false},
		{report("offline", eval.Failed), true},
	} {
		if missed := tc.report.Missed(0.9); (missed == "") != tc.good {
			t.Errorf("%s %v: %q", tc.report.Solver, tc.report.Statuses, missed)
		}
	}
}

// TestThePage is well formed, has nothing from elsewhere, and shows foreign text as text.
func TestThePage(t *testing.T) {
	t.Parallel()
	page, err := measured().HTML()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "report.html", string(page))
	for _, not := range []string{"<script", "<img", "onerror=alert(2)>", "http://", "https://", "url(", "@import", "<link"} {
		if bytes.Contains(page, []byte(not)) {
			t.Errorf("the page has %s", not)
		}
	}
	dec := xml.NewDecoder(bytes.NewReader(page))
	dec.Strict, dec.AutoClose, dec.Entity = false, xml.HTMLAutoClose, xml.HTMLEntity
	bars := 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if el, ok := tok.(xml.StartElement); ok && el.Name.Local == "rect" {
			bars++
		}
	}
	if bars != 2+3+14 {
		t.Errorf("%d bars", bars)
	}
}

// TestThePageIsDrawn by a browser, where there is one.
func TestThePageIsDrawn(t *testing.T) {
	t.Parallel()
	browser := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless_shell"} {
		if path, err := exec.LookPath(name); err == nil {
			browser = path
		}
	}
	if browser == "" {
		t.Skip("there is no browser on this machine")
	}
	page, err := measured().HTML()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	at, shot := filepath.Join(dir, "report.html"), filepath.Join(dir, "shot.png")
	if err := os.WriteFile(at, page, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1000,1400", "--user-data-dir="+filepath.Join(dir, "profile"), "--screenshot="+shot, "file://"+at)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := os.Open(shot)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	blue := 0
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if r, g, b, _ := img.At(x, y).RGBA(); r>>8 == 0x3b && g>>8 == 0x82 && b>>8 == 0xc4 {
				blue++
			}
		}
	}
	if blue < 2000 {
		t.Errorf("only %d points of the bars are drawn", blue)
	}
}

// TestSuitesThatAreNone are refused with what is wrong.
func TestSuitesThatAreNone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name, text string) string {
		at := filepath.Join(dir, name)
		if err := os.WriteFile(at, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return at
	}
	for name, text := range map[string]string{
		"empty.jsonl": "", "broken.jsonl": "{", "other.jsonl": `{"task_id":"x"}`, "packed.jsonl.gz": "\x1f\x8bno",
		"twice.jsonl": strings.Repeat(`{"task_id":"x","entry_point":"f","test":"def check(c): pass","prompt":"def f():\n"}`+"\n", 2),
	} {
		if _, err := eval.LoadHumanEval(write(name, text)); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	const good = "id: one\nlanguage: go\nform: program\nintent: x\ncases:\n  - {id: a, when: b, then: c, calls: [{expect: {exit: 0}}]}\n"
	if s, err := eval.LoadFolder(write("one.yaml", good)); err != nil || len(s.Problems) != 1 {
		t.Errorf("a good one: %v", err)
	}
	for name, text := range map[string]string{
		"two.yaml": good, "unknown.yaml": strings.Replace(good, "intent:", "intend:", 1), "form.yaml": strings.Replace(good, "program", "poem", 1),
		"none.yaml": "id: none\nlanguage: go\nform: program\nintent: x\n", "steps.yaml": strings.NewReplacer("one", "steps", "program", "service").Replace(good),
	} {
		if _, err := eval.LoadFolder(write(name, text)); qlp.CodeOf(err) != qlp.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := eval.LoadFolder(filepath.Join(dir, "nowhere")); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("nowhere: %v", err)
	}
	if _, err := many(3).Only([]string{"triple"}, 0); qlp.CodeOf(err) != qlp.Invalid {
		t.Errorf("an unknown id: %v", err)
	}
}
