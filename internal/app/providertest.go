package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// ProviderRow is one configured provider.
type ProviderRow struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Address string   `json:"address,omitempty"` // or the folder
	Key     string   `json:"key"`               // where it comes from, and whether it is there
	Roles   []string `json:"roles,omitempty"`   // role model, in the order of trying
}

// Providers lists what the providers file configures. It asks nobody. An empty list is an error that says what to do.
func Providers(cfg config.Config, env func(string) string) ([]ProviderRow, error) {
	m, err := OpenModels(cfg, ModelDeps{Env: env})
	if err != nil {
		return nil, err
	}
	if len(m.file.Providers) == 0 {
		return nil, m.none("")
	}
	var rows []ProviderRow
	for name, p := range m.file.Providers {
		row := ProviderRow{Name: name, Kind: p.Kind, Address: p.BaseURL + p.Dir, Key: keyState(name, p, env)}
		for _, role := range config.Roles() {
			for i, choice := range m.file.Roles[role] {
				if provider, model, _ := strings.Cut(choice, "/"); provider == name {
					row.Roles = append(row.Roles, strings.TrimSpace(fmt.Sprintf("%s %s %s", role, model, strings.Repeat("(fallback)", min(i, 1)))))
				}
			}
		}
		rows = append(rows, row)
	}
	slices.SortFunc(rows, func(a, b ProviderRow) int { return strings.Compare(a.Name, b.Name) })
	return rows, nil
}

func keyState(name string, p config.Provider, env func(string) string) string {
	key, err := readKey(name, p, env)
	switch {
	case err != nil:
		return "missing"
	case p.Entra:
		return "the machine's identity"
	case key == "":
		return "none needed"
	default:
		return "set"
	}
}

// ProviderTest is what a real call to one model showed. What is unknown is left out.
type ProviderTest struct {
	Choice     string     `json:"choice"`
	OK         bool       `json:"ok"`
	Error      string     `json:"error,omitempty"`
	Remedy     string     `json:"remedy,omitempty"`
	Answered   string     `json:"answered_by,omitempty"` // as the endpoint calls the model
	FirstMS    int64      `json:"first_ms,omitempty"`
	TotalMS    int64      `json:"total_ms,omitempty"`
	Usage      qlp.Usage  `json:"usage"`
	Micros     int64      `json:"micros"` // of this call
	Price      *llm.Price `json:"price,omitempty"`
	Window     int64      `json:"window,omitempty"`
	MaxOutput  int64      `json:"max_output,omitempty"`
	Structured string     `json:"structured,omitempty"` // kept, or how the answer broke the schema
	Dimensions int        `json:"dimensions,omitempty"` // of its vectors, if it makes any
}

// TestProviders makes one small structured call to each model that names say (a provider, or provider/model), or to every
// configured one. The calls are in the ledger as any other, so that the data folder must be free.
func TestProviders(ctx context.Context, cfg config.Config, names []string, log *slog.Logger) (_ []ProviderTest, err error) {
	st, err := openDatabase(ctx, cfg, log)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	blobs, err := file.Open(filepath.Join(cfg.Shared(), "blobs"), file.Config{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	deps := ModelDeps{Ledger: NewLedger(st), Recordings: blobs, Env: os.Getenv, Log: log}
	if _, err := deps.Ledger.Lose(ctx); err != nil {
		return nil, err
	}
	cfg.Record = "" // a test is no recording
	m, err := OpenModels(cfg, deps)
	if err != nil {
		return nil, err
	}
	choices, err := m.tested(names)
	if err != nil {
		return nil, err
	}
	out := make([]ProviderTest, len(choices))
	for i, choice := range choices {
		out[i] = m.test(ctx, choice)
	}
	return out, nil
}

// tested lists the models that names stand for, each once.
func (m *Models) tested(names []string) ([]string, error) {
	if len(names) == 0 {
		names = []string{""}
	}
	var out []string
	for _, name := range names {
		if strings.Contains(name, "/") && !strings.HasPrefix(name, replayPrefix) {
			out = append(out, name)
			continue
		}
		roles, err := m.roles(name)
		if err != nil {
			return nil, err
		}
		if strings.HasPrefix(name, replayPrefix) {
			return nil, qlp.Errorf(qlp.Invalid, "%s holds recordings, and nobody who could be tested", name).WithRemedy("name a provider of the file, or provider/model")
		}
		for _, role := range llm.Roles() {
			for _, c := range roles[role] {
				out = append(out, c.String())
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

// test asks one model.
func (m *Models) test(ctx context.Context, choice string) ProviderTest {
	t := ProviderTest{Choice: choice}
	name, model, _ := strings.Cut(choice, "/")
	err := func() error {
		c, err := m.Client(choice)
		if err != nil {
			return err
		}
		t.describe(m.known(ctx, name, model))
		if t.Dimensions > 0 {
			return m.testVectors(ctx, name, model, &t)
		}
		answer, err := c.Ask(ctx, sum(), nil)
		if err != nil {
			return err
		}
		t.Answered, t.FirstMS, t.TotalMS, t.Usage = answer.Model, answer.First.Milliseconds(), answer.Total.Milliseconds(), answer.Usage
		if t.Price != nil {
			t.Micros = t.Price.Cost(t.Usage)
		}
		return t.judge(answer.Text)
	}()
	if t.OK = err == nil; err != nil {
		t.Error, t.Remedy = err.Error(), qlp.RemedyOf(err)
		if e, ok := errors.AsType[*llm.Error](err); ok {
			t.Remedy = e.Remedy
		}
	}
	return t
}

// known is what is known of a model, with the file's price.
func (m *Models) known(ctx context.Context, name, model string) llm.Model {
	m.mu.Lock()
	p := m.providers[name]
	m.mu.Unlock()
	described, err := p.Describe(ctx, model)
	if err != nil {
		described = llm.Model{}
	}
	if price, ok := m.prices()[name+"/"+model]; ok {
		described.Price = &price
	}
	return described
}

func (t *ProviderTest) describe(m llm.Model) {
	t.Price, t.Window, t.MaxOutput, t.Dimensions = m.Price, m.Window, m.MaxOutput, m.Dimensions
}

// sum is the question of a test: small, with one right answer, in a form that can be checked.
func sum() llm.Request {
	return llm.Request{
		Role: llm.Interpreter, System: "You are being tested. Answer with JSON and nothing else.", MaxTokens: 512, // thinking is part of it
		Messages: []llm.Message{{From: llm.User, Text: "What is 2 + 3? Answer as {\"sum\": NUMBER}."}},
		Schema: &llm.Schema{
			Name: "sum",
			JSON: json.RawMessage(`{"type":"object","properties":{"sum":{"type":"integer"}},"required":["sum"],"additionalProperties":false}`),
		},
	}
}

func (t *ProviderTest) judge(text string) error {
	var got map[string]json.RawMessage
	err := json.Unmarshal([]byte(text), &got)
	var said int64
	if err == nil {
		err = json.Unmarshal(got["sum"], &said)
	}
	if err != nil || len(got) != 1 {
		t.Structured = "broken"
		return qlp.Errorf(qlp.Unavailable, "the answer is not of the schema: %.200q", text).
			WithRemedy("choose a model that keeps a JSON Schema, or another way: `structured: strict`, `tool` or `fence` for the provider")
	}
	t.Structured = "kept"
	if said != 5 {
		return qlp.Errorf(qlp.Unavailable, "the model says that 2 + 3 is %d", said).WithRemedy("choose another model")
	}
	return nil
}

// testVectors asks a model of vectors for one.
func (m *Models) testVectors(ctx context.Context, name, model string, t *ProviderTest) error {
	vectors, call, err := m.vectors(ctx, name, model, []string{"a small text"})
	if call.Ended != nil {
		t.TotalMS = call.Ended.Sub(call.Started).Milliseconds()
	}
	t.Usage, t.Answered, t.Micros = vectors.Usage, vectors.Model, call.Micros
	if err != nil {
		return err
	}
	if len(vectors.Vectors) != 1 || len(vectors.Vectors[0]) != t.Dimensions {
		return qlp.Errorf(qlp.Unavailable, "a vector of %d dimensions was expected", t.Dimensions)
	}
	return nil
}
