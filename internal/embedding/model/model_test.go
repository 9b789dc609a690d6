package model_test

import (
	"context"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/embedding/model"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/vector"
)

func answering(vectors ...[]float32) model.Ask {
	return func(context.Context, []string) ([][]float32, error) { return vectors, nil }
}

func TestVectorsAreFitted(t *testing.T) {
	t.Parallel()
	e := model.New("ollama/nomic", answering([]float32{3, 4}, make([]float32, 0, 1)))
	if e.ID() != "ollama/nomic" {
		t.Error(e.ID())
	}
	if _, err := e.Embed(t.Context(), []string{"a", "b"}); qlp.CodeOf(err) != qlp.Unavailable {
		t.Errorf("a vector without a direction was taken: %v", err)
	}
	got, err := model.New("x/y", answering([]float32{3, 4})).Embed(t.Context(), []string{"a"})
	if err != nil || vector.Check(got[0]) != nil || math.Abs(float64(got[0][0])-0.6) > 1e-6 || got[0][2] != 0 {
		t.Errorf("got %v %v", got, err)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	long := make([]float32, qlp.Dimensions+1)
	long[0] = 1
	nan := []float32{float32(math.NaN())}
	for name, c := range map[string]struct {
		ask  model.Ask
		text string
		want qlp.Code
	}{
		"too long":    {answering(long), "a", qlp.Invalid},
		"no number":   {answering(nan), "a", qlp.Unavailable},
		"one missing": {answering(), "a", qlp.Unavailable},
		"no words":    {answering([]float32{1}), " \n", qlp.Invalid},
	} {
		if _, err := model.New("x/y", c.ask).Embed(t.Context(), []string{c.text}); qlp.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}

func TestLongTextsAreCutBetweenCharacters(t *testing.T) {
	t.Parallel()
	var asked string
	e := model.New("x/y", func(_ context.Context, texts []string) ([][]float32, error) {
		asked = texts[0]
		return [][]float32{{1}}, nil
	})
	if _, err := e.Embed(t.Context(), []string{"a" + strings.Repeat("é", 20_000)}); err != nil {
		t.Fatal(err)
	}
	if len(asked) > 16<<10 || len(asked) < 16<<10-4 || !utf8.ValidString(asked) {
		t.Errorf("%d bytes were sent, valid: %v", len(asked), utf8.ValidString(asked))
	}
}
