package qlp

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
)

var read = DigestOf([]byte("what was read"))

func TestNoPassWithoutEvidence(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ev   Evidence
		want Status
	}{
		"nothing":                  {Evidence{}, Errored},
		"an execution":             {FromExecutions(Execution{ID: "e1"}), Passed},
		"two executions":           {FromExecutions(Execution{ID: "e1"}, Execution{ID: "e2"}), Passed},
		"what was not recorded":    {FromExecutions(Execution{}), Errored},
		"one of two not recorded":  {FromExecutions(Execution{ID: "e1"}, Execution{}), Errored},
		"a reading":                {FromReading(read), Passed},
		"a reading of nothing":     {FromReading(""), Errored},
		"a reading that is a word": {FromReading("trust me"), Errored},
	} {
		got := Pass(LayerBuild, "go-build", c.ev)
		if got.Status() != c.want || got.Key() != "build/go-build" || c.want == Errored && got.Reason == "" {
			t.Errorf("%s: %s, %q", name, got.Status(), got.Reason)
		}
	}
	if (Check{}).Status() != "" {
		t.Error("a check that nobody made has a status")
	}
}

func TestCheckSurvivesJSON(t *testing.T) {
	t.Parallel()
	ev := FromExecutions(Execution{ID: "e1"})
	finding := Finding{Path: "a.go", Line: 3, Rule: "G104", Severity: "error", Message: "m"}
	for _, want := range []Check{
		Pass(LayerTest, "unit", ev).WithCounts(Counts{Passed: 2, Skipped: 1}).WithFindings(finding),
		Pass(LayerSyntax, "content", FromReading(read)),
		Fail(LayerQuality, "format", ev, "one file", finding),
		Skip(LayerSecurity, "gosec", "no tool"),
		Broken(LayerStart, "probes", ev, "the sandbox was lost"),
	} {
		want.Required = true
		b, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Check
		if err := json.Unmarshal(b, &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s came back as %+v, %v", b, got, err)
		}
	}
}

func TestForgedChecksAreRefused(t *testing.T) {
	t.Parallel()
	for name, forged := range map[string]string{
		"no evidence":          `{"layer":"test","name":"unit","status":"passed"}`,
		"an empty list":        `{"layer":"test","name":"unit","status":"passed","executions":[]}`,
		"an empty id":          `{"layer":"test","name":"unit","status":"passed","executions":["e1",""]}`,
		"a word for a digest":  `{"layer":"test","name":"unit","status":"passed","read":"yes"}`,
		"half a digest":        `{"layer":"test","name":"unit","status":"passed","read":"sha256:00"}`,
		"an upper-case digest": `{"layer":"test","name":"unit","status":"passed","read":"` + strings.ToUpper(string(read)) + `"}`,
		"no status":            `{"layer":"test","name":"unit"}`,
		"an unknown status":    `{"layer":"test","name":"unit","status":"fine"}`,
		"another case":         `{"layer":"test","name":"unit","status":"Passed","executions":["e1"]}`,
		"negative counts":      `{"layer":"test","name":"unit","status":"passed","executions":["e1"],"counts":{"passed":5,"failed":-5}}`,
		"no check":             `"passed"`,
		"null executions":      `{"layer":"test","name":"unit","status":"passed","executions":null}`,
	} {
		c := Skip(LayerTest, "before", "as it was")
		if err := json.Unmarshal([]byte(forged), &c); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if c.Name != "before" {
			t.Errorf("%s changed the check", name)
		}
	}
}

func TestDecide(t *testing.T) {
	t.Parallel()
	ev := FromExecutions(Execution{ID: "e1"})
	must := func(c Check) Check { c.Required = true; return c }
	pass, fail := Pass(LayerBuild, "b", ev), Fail(LayerTest, "t", ev, "no")
	skip, broken := Skip(LayerStart, "s", "no tool"), Broken(LayerPolicy, "p", ev, "lost")
	for name, c := range map[string]struct {
		checks []Check
		want   Verdict
	}{
		"nothing was asked":             {nil, Unverified},
		"nothing required":              {[]Check{pass, pass}, Unverified},
		"all passed":                    {[]Check{must(pass), must(pass)}, Verified},
		"one failed":                    {[]Check{must(pass), must(fail)}, VerdictFailed},
		"one not run":                   {[]Check{must(pass), must(skip)}, Unverified},
		"one broke":                     {[]Check{must(broken), must(pass)}, Unverified},
		"failed beats not run":          {[]Check{must(skip), must(fail)}, VerdictFailed},
		"others do not decide":          {[]Check{must(pass), fail, skip, broken}, Verified},
		"a status that nobody gave":     {[]Check{must(pass), {Layer: LayerTest, Name: "unit", Required: true}}, Unverified},
		"nothing but a failed optional": {[]Check{fail}, Unverified},
	} {
		if got := Decide(c.checks); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

func TestWithFindingsLeavesTheOriginal(t *testing.T) {
	t.Parallel()
	first := Pass(LayerQuality, "lint", FromReading(read)).WithFindings(Finding{Rule: "1"}, Finding{Rule: "2"})
	a, b := first.WithFindings(Finding{Rule: "a"}), first.WithFindings(Finding{Rule: "b"})
	if len(first.Findings) != 2 || a.Findings[2].Rule != "a" || b.Findings[2].Rule != "b" {
		t.Errorf("%v, %v, %v", first.Findings, a.Findings, b.Findings)
	}
}
