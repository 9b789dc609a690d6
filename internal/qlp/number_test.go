package qlp

import (
	"encoding/json"
	"math/big"
	"strings"
	"testing"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, s := range []string{"0", "-0", "1", "-12.50", "0.1", "99999999999999999999999999999999999999", "0.000000000000000000000000000001"} {
		n, err := ParseNumber(s)
		if err != nil {
			t.Errorf("%s: %v", s, err)
			continue
		}
		b, err := json.Marshal(n)
		if err != nil || string(b) != s {
			t.Errorf("%s is written as %s, %v", s, b, err)
		}
		var back Number
		if err := json.Unmarshal([]byte(`"`+s+`"`), &back); err != nil || back != n {
			t.Errorf("%s in quotes is read as %s, %v", s, back, err)
		}
	}
	for _, s := range []string{"", "+1", "1.", ".5", "01", "1e3", "0x10", "1_000", "NaN", " 1", "1 ", "--1", "1,5", "٣", strings.Repeat("1", 61)} {
		if _, err := ParseNumber(s); CodeOf(err) != Invalid {
			t.Errorf("%q is accepted", s)
		}
		if b, err := json.Marshal(Number(s)); err == nil {
			t.Errorf("%q is written as %s", s, b)
		}
	}
	for _, c := range []struct {
		a, b Number
		want int
	}{{"1.0", "1", 0}, {"-0", "0", 0}, {"0.1", "0.10000000000000000001", -1}, {"9007199254740993", "9007199254740992", 1}, {"-2", "-10", 1}} {
		if got := c.a.Cmp(c.b); got != c.want {
			t.Errorf("%s against %s: %d", c.a, c.b, got)
		}
	}
	if !Number("2.00").IsInt() || Number("2.01").IsInt() {
		t.Error("whole numbers are told wrongly")
	}
}

func FuzzNumber(f *testing.F) {
	for _, s := range []string{"0", "-1.50", "1e9", "00", "9.", "1/3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, err := ParseNumber(s)
		if err != nil {
			return
		}
		exact, ok := new(big.Rat).SetString(s)
		if !ok || n.Rat().Cmp(exact) != 0 {
			t.Errorf("%q is %s", s, n.Rat())
		}
		b, err := json.Marshal(n)
		if err != nil || !json.Valid(b) || string(b) != s {
			t.Errorf("%q is written as %q, %v", s, b, err)
		}
	})
}

func TestScalar(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s          Scalar
		json, text string
	}{{StringScalar(`a "b"`), `"a \"b\""`, `a "b"`}, {NumberScalar("1.50"), "1.50", "1.50"}, {BoolScalar(false), "false", "false"}, {StringScalar(""), `""`, ""}} {
		b, err := json.Marshal(c.s)
		if err != nil || string(b) != c.json || c.s.Text() != c.text {
			t.Errorf("%s: %s, %q, %v", c.json, b, c.s.Text(), err)
		}
		var back Scalar
		if err := json.Unmarshal(b, &back); err != nil || back != c.s {
			t.Errorf("%s is read as %s, %v", b, back, err)
		}
	}
	for _, bad := range []string{"{}", "[]", `{"a":1}`} {
		var s Scalar
		if err := json.Unmarshal([]byte(bad), &s); CodeOf(err) != Invalid {
			t.Errorf("%s is accepted as %s", bad, s)
		}
	}
}
