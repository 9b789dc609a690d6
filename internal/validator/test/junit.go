package test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/diagnose"
	"github.com/quantumlayer/qlp/internal/validator/report"
)

// junitCase is a test case in JUnit's XML as surefire, pytest and CTest write it.
type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Time    string     `xml:"time,attr"`
	Status  string     `xml:"status,attr"` // CTest: run, fail, notrun, disabled
	Failure *junitText `xml:"failure"`
	Error   *junitText `xml:"error"`
	Skipped *junitText `xml:"skipped"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// String is the message and the last line of the text, which in a trace says what went wrong.
func (t *junitText) String() string {
	text := strings.TrimSpace(t.Text)
	last := strings.TrimSpace(text[strings.LastIndex(text, "\n")+1:])
	switch {
	case t.Message == "":
		return last
	case last == "" || strings.Contains(t.Message, last):
		return t.Message
	}
	return t.Message + ": " + last
}

// parseJUnit reads the files of a report, in the order of their paths. A file that cannot be read to its end, and no file at
// all, make the report not whole.
func parseJUnit(files map[string][]byte) transcript {
	var t transcript
	if len(files) == 0 {
		t.problem = "no report was written"
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := t.junit(files[name]); err != nil && t.problem == "" {
			t.problem = fmt.Sprintf("the report %.80q cannot be read: %v", name, err)
		}
	}
	return t
}

func (t *transcript) junit(text []byte) error {
	dec := xml.NewDecoder(bytes.NewReader(text))
	suites := 0
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			if suites == 0 {
				return errors.New("it holds no test suite")
			}
			return nil
		}
		if err != nil {
			return err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "testsuite", "testsuites":
			suites++
		case "testcase":
			var c junitCase
			if err := dec.DecodeElement(&c, &start); err != nil {
				return err
			}
			t.junitCase(c)
		}
	}
}

func (t *transcript) junitCase(in junitCase) {
	c := report.Case{Suite: in.Class, Name: in.Name, Outcome: report.Passed}
	if s, err := strconv.ParseFloat(in.Time, 64); err == nil && s >= 0 && s < 1e9 {
		c.Seconds = s
	}
	switch {
	case in.Failure != nil:
		c.Outcome, c.Message = report.Failed, in.Failure.String()
	case in.Error != nil:
		c.Outcome, c.Message = report.Failed, in.Error.String()
	case in.Skipped != nil:
		c.Outcome, c.Message = report.Skipped, in.Skipped.String()
	case in.Status == "fail":
		c.Outcome = report.Failed
	case in.Status == "notrun" || in.Status == "disabled":
		c.Outcome = report.Skipped
	}
	t.cases = append(t.cases, c)
	if c.Outcome == report.Failed && len(t.findings) < diagnose.MaxFindings {
		t.findings = append(t.findings, qlp.Finding{Rule: RuleFailed, Severity: "error", Message: diagnose.Short(c.Suite + " " + c.Name + ": " + c.Message)})
	}
}
