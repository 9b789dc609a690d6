// Package redact keeps secrets out of prompts, and finds them in what comes back: the known forms of keys, by gitleaks'
// rules, and the values of this machine's own environment that look like keys.
//
// It never keeps, logs or returns a secret: a Leak names the rule and the place. It never lets a text pass when its rules
// cannot be read, and never reads the environment itself: app hands it over.
//
// Arrows: gitleaks' rules as a library; nothing of ours. The validator's security layer uses the same detector.
package redact

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
)

// Leak is a secret that was found: where, and by which rule, never the secret.
type Leak struct {
	Rule        string // of gitleaks, or EnvironmentRule
	Description string
	Line        int // from 1
	Column      int // from 1

	secret string
}

// EnvironmentRule is the rule of a leak that is a value of this machine's environment.
const EnvironmentRule = "environment"

// unreadable stands for a text that could not be looked through.
const unreadable = "[redacted: the rules for secrets cannot be read]"

// Redactor replaces and finds secrets. It is safe for concurrent use.
type Redactor struct {
	values   []string // of the environment, with their encoded forms, the longest first
	detector func() (*Detector, error)
}

// New returns a redactor that knows the values of environ, in the form of os.Environ, which look like keys. The rules for
// known forms of keys (more than two hundred expressions) are compiled when they are first used.
func New(environ []string) *Redactor {
	return &Redactor{values: secretValues(environ), detector: sync.OnceValues(NewDetector)}
}

// Find returns the secrets in text, in their order.
func (r *Redactor) Find(text string) []Leak {
	found := r.fromEnvironment(text)
	d, err := r.detector()
	if err != nil {
		return append(found, Leak{Rule: "unreadable", Description: err.Error(), Line: 1, Column: 1, secret: text})
	}
	found = append(found, d.Find(context.Background(), "", text)...)
	slices.SortStableFunc(found, func(a, b Leak) int { return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column)) })
	return found
}

// Redact returns text with every secret replaced by a placeholder that names its rule. The same text gives the same answer,
// on every machine whose environment holds none of it, so that a replayed run asks what the recorded one did. A redacted
// text is not changed by a second Redact.
func (r *Redactor) Redact(text string) string {
	for _, v := range r.values {
		text = strings.ReplaceAll(text, v, "[redacted "+EnvironmentRule+"]")
	}
	d, err := r.detector()
	if err != nil {
		return unreadable
	}
	for _, leak := range d.Find(context.Background(), "", text) {
		text = leak.cut(text)
	}
	return text
}

// fromEnvironment returns where values of the environment stand in text.
func (r *Redactor) fromEnvironment(text string) []Leak {
	var found []Leak
	for _, v := range r.values {
		for from := 0; ; {
			i := strings.Index(text[from:], v)
			if i < 0 {
				break
			}
			line, column := place(text, from+i)
			found = append(found, Leak{
				Rule: EnvironmentRule, Description: "a value of this machine's environment that looks like a key", Line: line, Column: column, secret: v,
			})
			from += i + len(v)
		}
	}
	return found
}

func place(text string, at int) (line, column int) {
	before := text[:at]
	return strings.Count(before, "\n") + 1, at - strings.LastIndexByte(before, '\n')
}
