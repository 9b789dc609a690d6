package qlp_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestDigests(t *testing.T) {
	t.Parallel()
	a, b := qlp.DigestOf([]byte("a")), qlp.DigestOf([]byte("b"))
	for text, want := range map[string][]qlp.Digest{
		"": nil, "sha256:": nil, "sha256:12": nil, strings.ToUpper(string(a)): nil, string(a[:70]): nil,
		string(a): {a}, `{"x":"` + string(a) + `","y":["` + string(b) + `"]}`: {a, b},
		"sha256:sha256:" + string(b): {b}, string(a) + string(a): {a, a},
	} {
		if got := slices.Collect(qlp.Digests(text)); !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
	for d := range qlp.Digests(string(a) + " " + string(b)) {
		if d != a {
			t.Errorf("went on to %s", d)
		}
		break
	}
}
