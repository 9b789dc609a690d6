// Package catalog is what is known of models without asking anybody: windows, prices, structured output, as data.
//
// It never guesses: what it does not know is zero, and a price it does not know is nil.
//
// Arrows: llm, qlp. Drivers describe their models by it.
package catalog

import (
	"bytes"
	_ "embed" // the table
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed models.yaml
var builtin []byte

// Catalog is a table of models. It is never changed after Read.
type Catalog struct {
	Date   string // of the table that comes with the program
	models map[key]llm.Model
}

type key struct{ kind, name string }

type file struct {
	Date   string  `yaml:"date"`
	Models []entry `yaml:"models"`
}

type entry struct {
	Provider   string `yaml:"provider"`
	Name       string `yaml:"name"`
	Window     int64  `yaml:"window"`
	MaxOutput  int64  `yaml:"max_output"`
	Price      *price `yaml:"price"`
	Structured bool   `yaml:"structured"`
	Dimensions int    `yaml:"dimensions"`
}

// price in dollars for a million tokens, as decimals in strings: a float would not be exact.
type price struct {
	Input  string `yaml:"input"`
	Cached string `yaml:"cached"`
	Output string `yaml:"output"`
}

// Read returns the table that comes with the program, with extra (nil: nothing), an operator's own file of the same form,
// laid over it: a model that extra names is wholly extra's.
func Read(extra []byte) (*Catalog, error) {
	c := &Catalog{models: map[key]llm.Model{}}
	table, err := c.add(builtin)
	if err != nil {
		return nil, fmt.Errorf("read the built-in table of models: %w", err)
	}
	c.Date = table.Date
	if len(bytes.TrimSpace(extra)) > 0 {
		if _, err := c.add(extra); err != nil {
			return nil, qlp.Errorf(qlp.Invalid, "read the table of models: %v", err).
				WithRemedy("the form is: models: [{provider: openai, name: …, window: 128000, price: {input: \"2.50\", cached: \"1.25\", output: \"10\"}}]")
		}
	}
	return c, nil
}

func (c *Catalog) add(data []byte) (file, error) {
	var f file
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	if err := dec.Decode(&f); err != nil {
		return f, err
	}
	if err := dec.Decode(new(file)); !errors.Is(err, io.EOF) {
		return f, errors.New("more than one document")
	}
	seen := map[key]bool{}
	for _, e := range f.Models {
		m, err := e.model()
		if err != nil {
			return f, fmt.Errorf("%s/%s: %w", e.Provider, e.Name, err)
		}
		k := key{e.Provider, e.Name}
		if seen[k] {
			return f, fmt.Errorf("%s/%s is there twice", e.Provider, e.Name)
		}
		seen[k] = true
		c.models[k] = m
	}
	return f, nil
}

func (e entry) model() (llm.Model, error) {
	m := llm.Model{Name: e.Name, Window: e.Window, MaxOutput: e.MaxOutput, Structured: e.Structured, Dimensions: e.Dimensions}
	if e.Provider == "" || e.Name == "" {
		return m, errors.New("a model needs a provider and a name")
	}
	if e.Window < 0 || e.MaxOutput < 0 || e.Dimensions < 0 {
		return m, errors.New("a negative number")
	}
	if e.Price == nil {
		return m, nil
	}
	p := llm.Price{}
	for text, to := range map[*string]*int64{&e.Price.Input: &p.Input, &e.Price.Cached: &p.Cached, &e.Price.Output: &p.Output} {
		micros, err := Micros(*text)
		if err != nil {
			return m, err
		}
		*to = micros
	}
	m.Price = &p
	return m, nil
}

// Micros reads dollars with up to six decimals as micro-dollars: "2.50" are 2,500,000.
func Micros(dollars string) (int64, error) {
	whole, part, _ := strings.Cut(dollars, ".")
	digits := whole + part
	if whole == "" || len(whole) > 9 || len(part) > 6 || strings.Trim(digits, "0123456789") != "" || strings.HasSuffix(dollars, ".") {
		return 0, fmt.Errorf("%q is no price in dollars: write \"2.50\"", dollars)
	}
	var n int64
	for _, d := range digits + strings.Repeat("0", 6-len(part)) {
		n = n*10 + int64(d-'0')
	}
	return n, nil
}

// Model returns what is known of a model of a kind of provider (openai, anthropic, …), under the provider's own name for it.
// A name that is not in the table but is one of it with a date (-2026-04-23, -20251001) or -latest behind is that one;
// no other prefix counts, because a longer name is another model (gpt-4o-mini is no gpt-4o). Provider is left empty.
func (c *Catalog) Model(kind, name string) (llm.Model, bool) {
	m, ok := c.models[key{kind, name}]
	if !ok {
		if at := dated().FindStringIndex(name); at != nil {
			m, ok = c.models[key{kind, name[:at[0]]}]
		}
	}
	m.Name = name
	if m.Price != nil {
		p := *m.Price
		m.Price = &p
	}
	return m, ok
}

func dated() *regexp.Regexp { return regexp.MustCompile(`-(20\d\d-\d\d-\d\d|20\d{6}|latest)$`) }
