package config

import (
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestModelCaps(t *testing.T) {
	t.Parallel()
	c, err := Load(Sources{Flags: map[string]string{"run_usd": "2.50", "run_calls": "7", "task_usd": "0.000001", "task_model_seconds": "90"}})
	want := qlp.ModelCaps{Run: qlp.Budget{Micros: 2_500_000, Calls: 7}, Task: qlp.Budget{Micros: 1, Seconds: 90}}
	if err != nil || c.ModelCaps() != want {
		t.Errorf("%+v, %v", c.ModelCaps(), err)
	}
	if caps := Default().ModelCaps(); caps != (qlp.ModelCaps{}) {
		t.Errorf("without settings: %+v", caps)
	}
	for key, value := range map[string]string{"run_usd": "-1", "task_usd": "1e3", "run_tokens": "-1", "task_calls": "many", "run_model_seconds": "-5"} {
		if _, err := Load(Sources{Flags: map[string]string{key: value}}); qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
			t.Errorf("%s=%s: %v", key, value, err)
		}
	}
}
