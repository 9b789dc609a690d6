package app

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/client"
	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// vectorModel is an endpoint with a model of vectors: three numbers, by what words a text has. It may be told to be away.
func vectorModel(t *testing.T) (url string, away *atomic.Bool, calls *atomic.Int64) {
	t.Helper()
	away, calls = &atomic.Bool{}, &atomic.Int64{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct{ Input []string }
		if r.URL.Path != "/v1/embeddings" || json.NewDecoder(r.Body).Decode(&in) != nil || away.Load() {
			http.Error(w, `{"error":{"message":"away"}}`, http.StatusServiceUnavailable)
			return
		}
		calls.Add(1)
		type item struct {
			Index     int       `json:"index"`
			Embedding []float64 `json:"embedding"`
		}
		var out []item
		for i, text := range in.Input {
			v := []float64{0.1, 0, 0}
			for at, word := range []string{"book", "shop", "boat"} {
				v[at] += float64(strings.Count(text, word))
			}
			out = append(out, item{i, v})
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{"data": out, "model": "small", "usage": map[string]int{"prompt_tokens": 7, "total_tokens": 7}})
	}))
	t.Cleanup(server.Close)
	return server.URL, away, calls
}

// TestVectorsOfAModel hands intents in while the model of vectors is there, away, and back: each is findable at once, and has its
// vector when the model is back; what the model took is in the ledger.
func TestVectorsOfAModel(t *testing.T) {
	url, away, calls := vectorModel(t)
	var data string
	at, stop := serving(t, func(cfg *config.Config) {
		cfg.Embedder, cfg.Roles = "local/small", "api,worker"
		data = cfg.DataDir
		file := "providers:\n  local: {kind: compatible, base_url: \"" + url + "/v1\"}\nprices:\n  local/small: {input: 1, output: 0}\n"
		if err := os.WriteFile(filepath.Join(cfg.DataDir, config.ProvidersName), []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	c := client.New(at.URL, at.Token.Reveal(), nil)
	create := func(words string) string {
		in, err := c.Create(t.Context(), client.NewIntent{Words: words, Settings: qlp.Settings{Approve: qlp.ApprovePlan}}, "")
		if err != nil {
			t.Fatal(err)
		}
		return in.ID
	}
	first := create("a Python API for books with a title")
	found, err := c.Similar(t.Context(), "book", 5)
	if err != nil || len(found.Items) == 0 || found.Items[0].IntentID != first || found.Items[0].Similarity == nil || found.Embedder != "local/small" {
		t.Fatalf("found %+v, %v", found, err)
	}

	away.Store(true)
	second := create("a Python API for boats with a name")
	if found, err = c.Similar(t.Context(), "boats", 5); err != nil || found.Missing == "" || len(found.Items) == 0 || found.Items[0].IntentID != second {
		t.Fatalf("while the model is away, found %+v, %v", found, err)
	}
	if s, err := c.Embeddings(t.Context()); err != nil || s.Missing != 1 {
		t.Fatalf("status %+v, %v", s, err)
	}
	away.Store(false)
	if _, err := c.RebuildEmbeddings(t.Context()); err != nil {
		t.Fatal(err)
	}
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(30 * time.Second); ; <-tick.C {
		s, err := c.Embeddings(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if s.Missing == 0 && s.Vectors["local/small"] == 2 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("nobody makes the vector: %+v", s)
		}
	}
	found, err = c.Similar(t.Context(), "boats", 5)
	if err != nil || found.Missing != "" || found.Items[0].IntentID != second || *found.Items[0].Similarity < 0.9 {
		t.Fatalf("found %+v, %v", found, err)
	}
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	checkVectorCalls(t, data, int(calls.Load()))
}

// checkVectorCalls holds the ledger to what was asked: each answer with its price, what was not answered as failed.
func checkVectorCalls(t *testing.T, data string, answered int) {
	t.Helper()
	st, err := sqlite.Open(t.Context(), filepath.Join(data, "qlp.db"), sqlite.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	var calls []qlp.Call
	err = st.Read(t.Context(), func(r store.Reader) error {
		calls, err = r.Calls(t.Context(), "") // a vector is made before there is an intent
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	settled, failed := 0, 0
	for _, c := range calls {
		switch {
		case c.Role != roleEmbedding || c.Model != "small":
			t.Errorf("call: %+v", c)
		case c.State == qlp.CallSettled && c.Micros == 7 && c.Usage.Input == 7:
			settled++
		case c.State == qlp.CallFailed && c.Micros == 0:
			failed++
		default:
			t.Errorf("call: %+v", c)
		}
	}
	if settled != answered || answered < 4 || failed < 2 {
		t.Errorf("%d calls are settled and %d failed; %d were answered", settled, failed, answered)
	}
}

func TestAnEmbedderThatIsNone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "nonsense", "/x", "x/", "nobody/small"} {
		cfg := config.Default()
		cfg.DataDir, cfg.Embedder = t.TempDir(), name
		models, err := OpenModels(cfg, ModelDeps{Env: func(string) string { return "" }})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := embedder(cfg, models); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
			t.Errorf("%q: %v", name, err)
		}
	}
}
