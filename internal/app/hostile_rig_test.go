package app

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/llmtest"
	"github.com/quantumlayer/qlp/internal/llm/record"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

const (
	modelRecordings = "../../e2e/testdata/models/csv-summary"
	hostileKey      = "sk-hostile-0123456789abcdefghijklmnop"
)

// stage is an endpoint that misbehaves, as a provider of its own, and the intent that asks it.
type stage struct {
	name     string
	script   []string // behaviours, one a request; then always, or as it should
	always   string
	spare    bool // the interpreter has a second model
	settings qlp.Settings

	endpoint *llmtest.Hostile
}

// recordedRun returns the recorded run's calls, and its intent's words.
func recordedRun(t *testing.T) (tapes []record.Cassette, words string) {
	t.Helper()
	tapes, err := record.Read(modelRecordings)
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(modelRecordings + ".intent")
	if err != nil {
		t.Fatal(err)
	}
	return tapes, strings.TrimSpace(string(b))
}

// asking is a request as it comes to the endpoint.
type asking struct {
	Model    string `json:"model"`
	Messages []struct {
		Role    string `json:"role"`
		Content string `json:"content"`
	} `json:"messages"`
}

// recorded returns the answer of the recorded run to what is asked: the role's cassette whose last message is the same, or else
// the one that was asked nothing but the first and is most like it. What is asked differs a little from
// machine to machine: a linter that is not there is a check that was not made.
func recorded(tapes []record.Cassette, s llmtest.Seen) (string, bool) {
	var req asking
	if err := json.Unmarshal(s.Body, &req); err != nil {
		return "", false
	}
	var said []string
	for _, m := range req.Messages {
		if m.Role != "system" {
			said = append(said, m.Content)
		}
	}
	role, _, _ := strings.Cut(req.Model, "-")
	answer, most := "", math.MinInt
	for _, c := range tapes {
		m := c.Request.Messages
		if len(said) == 0 || string(c.Request.Role) != role {
			continue
		}
		if m[len(m)-1].Text == said[len(said)-1] {
			return c.Answer.Text, true
		}
		if n := likeness(m[0].Text, said[0]); len(m) == 1 && n > most {
			answer, most = retagged(c.Answer.Text, said[0]), n
		}
	}
	return answer, most > math.MinInt
}

// likeness of a to b: the more lines of a are b's and the fewer are not, the more.
func likeness(a, b string) (n int) {
	there := map[string]bool{}
	for line := range strings.Lines(b) {
		there[line] = true
	}
	for line := range strings.Lines(a) {
		if n--; there[line] {
			n += 2
		}
	}
	return n
}

// retagged gives a coder's answer the tag that this prompt asks for: it is made of the prompt.
func retagged(answer, prompt string) string {
	tag := regexp.MustCompile("@@[0-9a-f]{12}")
	if old, asked := tag.FindString(answer), tag.FindString(prompt); old != "" && asked != "" {
		return strings.ReplaceAll(answer, old, asked)
	}
	return answer
}

// raise starts each stage's endpoint, and returns settings whose providers file lists them all.
func raise(t *testing.T, stages []*stage, timeouts string) config.Config {
	t.Helper()
	tapes, _ := recordedRun(t)
	t.Setenv("HOSTILE_TEST_KEY", hostileKey)
	for _, s := range stages {
		s.endpoint = llmtest.NewHostile()
		t.Cleanup(s.endpoint.Close)
		s.endpoint.Answer(func(seen llmtest.Seen) string {
			answer, found := recorded(tapes, seen)
			if !found {
				t.Errorf("%s: the recorded run has no answer to %.300s", s.name, seen.Body)
			}
			return answer
		})
		for _, name := range s.script {
			s.endpoint.Script(named(t, name))
		}
		if s.always != "" {
			s.endpoint.Always(named(t, s.always))
		}
	}
	cfg := config.Default()
	cfg.DataDir, cfg.Parallel = t.TempDir(), len(stages)+2
	if err := os.WriteFile(filepath.Join(cfg.DataDir, config.ProvidersName), []byte(providersOf(stages, timeouts)), 0o600); err != nil {
		t.Fatal(err)
	}
	return cfg
}

func named(t *testing.T, name string) llmtest.Behaviour {
	t.Helper()
	b, ok := llmtest.Named(name)
	if !ok {
		t.Fatalf("there is no behaviour %q", name)
	}
	return b
}

// providersOf names each role's model after the role, so that the endpoint knows who asks.
func providersOf(stages []*stage, timeouts string) string {
	var file, prices strings.Builder
	file.WriteString("timeouts: " + timeouts + "\nproviders:\n")
	roles := map[llm.Role][]string{}
	for _, s := range stages {
		fmt.Fprintf(&file, "  %s: {kind: compatible, base_url: %q, key_env: HOSTILE_TEST_KEY}\n", s.name, s.endpoint.URL()+"/v1")
		for _, role := range llm.Roles() {
			names := []string{s.name + "/" + string(role)}
			if s.spare && role == llm.Interpreter {
				names = append(names, names[0]+"-spare")
			}
			for _, name := range names {
				roles[role] = append(roles[role], name)
				fmt.Fprintf(&prices, "  %s: {input: 3, output: 15}\n", name)
			}
		}
	}
	file.WriteString("roles:\n")
	for role, names := range roles {
		fmt.Fprintf(&file, "  %s: [%s]\n", role, strings.Join(names, ", "))
	}
	return file.String() + "prices:\n" + prices.String()
}

// running opens the app over the settings' folder and starts it. It is stopped at the end of the test, or before.
func running(t *testing.T, cfg config.Config) *App {
	t.Helper()
	a, err := Open(t.Context(), cfg, "test", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, a) })
	if err := a.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return a
}

func stop(t *testing.T, a *App) {
	t.Helper()
	if err := a.Stop(context.Background()); err != nil {
		t.Error(err)
	}
}

// until reads the intent again after each change until done says so.
func until(t *testing.T, a *App, id string, done func(in qlp.Intent, calls []qlp.Call) bool) (in qlp.Intent, calls []qlp.Call) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute) // slow tokens are slow on a busy machine
	defer cancel()
	for {
		changed := a.store.Changed(id)
		err := a.store.Read(t.Context(), func(r store.Reader) (err error) {
			if in, err = r.Intent(t.Context(), id); err == nil {
				calls, err = r.Calls(t.Context(), id)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if done(in, calls) {
			return in, calls
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("the intent is %s (%s) with %d calls", in.State, in.Reason, len(calls))
		}
	}
}

// rested is an intent that does not go on by itself, with no call under way.
func rested(in qlp.Intent, calls []qlp.Call) bool {
	for _, c := range calls {
		if c.State == qlp.CallReserved {
			return false
		}
	}
	switch in.State {
	case qlp.StatePaused, qlp.StateNeedsInput, qlp.StateAwaitingApproval:
		return true
	default:
		return in.State.Over()
	}
}
