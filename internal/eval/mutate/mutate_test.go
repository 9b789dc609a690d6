package mutate

import (
	"testing"
)

// TestRead refuses what is no mutant: the sandbox's output is foreign text.
func TestRead(t *testing.T) {
	t.Parallel()
	got, err := read([]byte(`{"id":"a","mutants":[{"operator":"compare","line":2,"before":"x","after":"y","source":"z"}]}` + "\n"))
	if err != nil || len(got["a"]) != 1 || got["a"][0].Line != 2 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := read([]byte("Traceback\n")); err == nil {
		t.Error("a text was read as mutants")
	}
}
