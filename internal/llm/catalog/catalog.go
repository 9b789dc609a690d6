// Package catalog knows windows and prices of models, as data.
//
// It never guesses: a model that is not listed is unknown, and its price is too.
//
// Arrows: llm, qlp, and the YAML library.
package catalog

import (
	_ "embed" // the table
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed models.yaml
var table []byte

// Entry is a model as the table writes it. Prices are decimal dollars for a million tokens; a price that is left out is unknown.
type Entry struct {
	Input      string `yaml:"input"`
	Cached     string `yaml:"cached"` // left out: as Input
	Output     string `yaml:"output"`
	Window     int64  `yaml:"window"`
	MaxOutput  int64  `yaml:"max_output"`
	Structured bool   `yaml:"structured"`
	Dimensions int    `yaml:"dimensions"`
}

// Catalog finds models by the vendor's protocol (openai, anthropic, azureopenai, ...) and their name.
type Catalog struct {
	models map[string]map[string]llm.Model
}

// New returns the built-in catalogue with entries added or replaced: protocol → model → entry.
func New(extra map[string]map[string]Entry) (*Catalog, error) {
	var built map[string]map[string]Entry
	if err := yaml.Load(table, &built, yaml.WithKnownFields()); err != nil {
		return nil, fmt.Errorf("read the built-in table of models: %w", err)
	}
	c := &Catalog{models: map[string]map[string]llm.Model{}}
	for _, entries := range []map[string]map[string]Entry{built, extra} {
		for _, protocol := range slices.Sorted(maps.Keys(entries)) {
			for _, name := range slices.Sorted(maps.Keys(entries[protocol])) {
				m, err := entries[protocol][name].model()
				if err != nil {
					return nil, qlp.Errorf(qlp.Invalid, "model %s of %s: %w", name, protocol, err).WithRemedy(`write prices as dollars for a million tokens, in quotes: "2.50"`)
				}
				if c.models[protocol] == nil {
					c.models[protocol] = map[string]llm.Model{}
				}
				c.models[protocol][name] = m
			}
		}
	}
	return c, nil
}

func (e Entry) model() (llm.Model, error) {
	m := llm.Model{Window: e.Window, MaxOutput: e.MaxOutput, Structured: e.Structured, Dimensions: e.Dimensions}
	if min(e.Window, e.MaxOutput, int64(e.Dimensions)) < 0 {
		return m, qlp.Errorf(qlp.Invalid, "a number is below zero")
	}
	if e.Input == "" && e.Output == "" {
		return m, nil
	}
	if e.Cached == "" {
		e.Cached = e.Input
	}
	var p llm.Price
	for _, f := range []struct {
		text string
		to   *int64
	}{{e.Input, &p.Input}, {e.Cached, &p.Cached}, {e.Output, &p.Output}} {
		micros, err := Micros(f.text)
		if err != nil {
			return m, err
		}
		*f.to = micros
	}
	m.Price = &p
	return m, nil
}

var dollars = regexp.MustCompile(`^[0-9]{1,9}(\.[0-9]{1,6})?$`)

// Micros reads decimal dollars as micro-dollars, exactly: six places at most.
func Micros(text string) (int64, error) {
	if !dollars.MatchString(text) {
		return 0, qlp.Errorf(qlp.Invalid, "%.40q is no amount of dollars", text)
	}
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		return 0, qlp.Errorf(qlp.Invalid, "%.40q is no amount of dollars", text)
	}
	return r.Mul(r, big.NewRat(1_000_000, 1)).Num().Int64(), nil
}

// dated is what vendors put behind a name for one state of a model.
var dated = regexp.MustCompile(`^-(20[0-9]{2}-?[0-9]{2}-?[0-9]{2}|latest)$`)

// Find returns what is known of a model. A name with a date behind it, or "latest", is the model's without.
func (c *Catalog) Find(protocol, model string) (llm.Model, bool) {
	if protocol == "azureopenai" { // deployments are often named after the model
		protocol = "openai"
	}
	models := c.models[protocol]
	if m, ok := models[model]; ok {
		return m, true
	}
	for name, m := range models {
		if len(model) > len(name) && model[:len(name)] == name && dated.MatchString(model[len(name):]) {
			return m, true
		}
	}
	return llm.Model{}, false
}
