// Package report writes what was found in the formats that other tools read: SARIF for findings, JUnit XML for tests.
//
// It never changes a status, and never writes a time of its own: the same checks give the same bytes.
//
// Arrows: qlp.
package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool    sarifTool     `json:"tool"`
	Results []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name  string      `json:"name"`
	Rules []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID string `json:"id"`
}

type sarifResult struct {
	RuleID     string            `json:"ruleId"`
	RuleIndex  int               `json:"ruleIndex"`
	Level      string            `json:"level"`
	Message    sarifText         `json:"message"`
	Locations  []sarifLocation   `json:"locations,omitempty"`
	Properties map[string]string `json:"properties"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact sarifArtifact `json:"artifactLocation"`
	Region   *sarifRegion  `json:"region,omitempty"`
}

type sarifArtifact struct {
	URI string `json:"uri"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn,omitempty"`
}

// SARIF returns the findings of all checks as a SARIF 2.1.0 log with one run, in the order of the checks.
func SARIF(checks []qlp.Check) []byte {
	rules := []sarifRule{}
	for _, c := range checks {
		for _, f := range c.Findings {
			rules = append(rules, sarifRule{ID: ruleID(c, f)})
		}
	}
	slices.SortFunc(rules, func(a, b sarifRule) int { return cmp.Compare(a.ID, b.ID) })
	rules = slices.Compact(rules)
	index := map[string]int{}
	for i, r := range rules {
		index[r.ID] = i
	}
	results := []sarifResult{}
	for _, c := range checks {
		for _, f := range c.Findings {
			results = append(results, result(c, f, index))
		}
	}
	log := sarifLog{
		Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0",
		Runs: []sarifRun{{Tool: sarifTool{sarifDriver{Name: "qlp", Rules: rules}}, Results: results}},
	}
	b, err := json.MarshalIndent(log, "", "  ")
	if err != nil { // strings and numbers always marshal
		panic(fmt.Sprintf("write SARIF: %v", err))
	}
	return append(b, '\n')
}

// ruleID puts the layer in front: two tools may call different things G101.
func ruleID(c qlp.Check, f qlp.Finding) string {
	rule := f.Rule
	if rule == "" {
		rule = c.Name
	}
	return string(c.Layer) + "/" + rule
}

func result(c qlp.Check, f qlp.Finding, index map[string]int) sarifResult {
	level := f.Severity
	if level != "error" && level != "warning" && level != "note" {
		level = "warning"
	}
	id := ruleID(c, f)
	r := sarifResult{
		RuleID: id, RuleIndex: index[id], Level: level, Message: sarifText{f.Message},
		Properties: map[string]string{"check": c.Key(), "status": string(c.Status())},
	}
	if f.Path == "" {
		return r
	}
	loc := sarifLocation{Physical: sarifPhysical{Artifact: sarifArtifact{URI: f.Path}}}
	if f.Line > 0 {
		loc.Physical.Region = &sarifRegion{StartLine: f.Line, StartColumn: max(f.Column, 0)}
	}
	r.Locations = []sarifLocation{loc}
	return r
}
