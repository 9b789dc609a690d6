package report

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
)

// Outcome of one test case.
type Outcome string

// The outcomes.
const (
	Passed  Outcome = "passed"
	Failed  Outcome = "failed"
	Skipped Outcome = "skipped"
)

// Case is one test that a runner told about.
type Case struct {
	Suite   string // package, module or class
	Name    string
	Outcome Outcome
	Seconds float64
	Message string // of a failed or skipped one
}

type junitSuites struct {
	XMLName  xml.Name     `xml:"testsuites"`
	Tests    int          `xml:"tests,attr"`
	Failures int          `xml:"failures,attr"`
	Skipped  int          `xml:"skipped,attr"`
	Suites   []junitSuite `xml:"testsuite"`
}

type junitSuite struct {
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Time    string     `xml:"time,attr"`
	Failure *junitText `xml:"failure,omitempty"`
	Skipped *junitText `xml:"skipped,omitempty"`
}

type junitText struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit returns the cases as JUnit XML, suites in the order in which they first appear.
func JUnit(cases []Case) []byte {
	doc := junitSuites{}
	at := map[string]int{}
	for _, c := range cases {
		i, ok := at[c.Suite]
		if !ok {
			i = len(doc.Suites)
			at[c.Suite] = i
			doc.Suites = append(doc.Suites, junitSuite{Name: clean(cut(c.Suite, maxName))})
		}
		s := &doc.Suites[i]
		jc := junitCase{Class: clean(cut(c.Suite, maxName)), Name: clean(cut(c.Name, maxName)), Time: fmt.Sprintf("%.3f", c.Seconds)}
		s.Tests, doc.Tests = s.Tests+1, doc.Tests+1
		first, _, _ := strings.Cut(c.Message, "\n")
		text := &junitText{Message: clean(cut(first, maxName)), Text: clean(cut(c.Message, maxMessage))}
		switch c.Outcome {
		case Passed:
		case Skipped:
			jc.Skipped = text
			s.Skipped, doc.Skipped = s.Skipped+1, doc.Skipped+1
		default:
			jc.Failure = text
			s.Failures, doc.Failures = s.Failures+1, doc.Failures+1
		}
		s.Cases = append(s.Cases, jc)
	}
	b, err := xml.MarshalIndent(doc, "", "  ")
	if err != nil { // strings and numbers always marshal
		panic(fmt.Sprintf("write JUnit: %v", err))
	}
	return bytes.Join([][]byte{[]byte(xml.Header), b, []byte("\n")}, nil)
}

// Bounds of what one case brings along, in bytes: a test may be named after its input, which may be a file.
const (
	maxName    = 512
	maxMessage = 4 << 10
)

func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "") + "…"
}

// clean takes out what XML cannot hold.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\t' || r == '\n' || r == '\r' || r >= ' ' && r != 0xFFFE && r != 0xFFFF {
			return r
		}
		return -1
	}, strings.ToValidUTF8(s, "\uFFFD"))
}
