package qlp

import "testing"

func TestMoneyIsExact(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct {
		micros int64
		shown  string
	}{
		"0": {0, "$0.00"}, "2.50": {2_500_000, "$2.50"}, "2.5": {2_500_000, "$2.50"}, "0.1": {100_000, "$0.10"}, "0.000001": {1, "$0.000001"},
		"1.234": {1_234_000, "$1.234"}, "999999999.999999": {999_999_999_999_999, "$999999999.999999"}, "007": {7_000_000, "$7.00"},
	} {
		got, err := ParseUSD(text)
		if err != nil || got != want.micros || FormatUSD(got) != want.shown {
			t.Errorf("%s: %d, shown %s, %v", text, got, FormatUSD(got), err)
		}
	}
	for _, text := range []string{"", "-1", "+1", "1e3", "1.", ".5", "0.0000001", "1,5", "$1", " 1", "NaN", "1000000000", "0x1", "1_000"} {
		if got, err := ParseUSD(text); CodeOf(err) != Invalid || RemedyOf(err) == "" {
			t.Errorf("%q is %d, %v", text, got, err)
		}
	}
	if got := FormatUSD(-1_500_000); got != "-$1.50" {
		t.Errorf("a debt is %s", got)
	}
}

func FuzzParseUSD(f *testing.F) {
	for _, seed := range []string{"0", "2.50", "0.000001", "1e9", "-1", "999999999.999999"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		micros, err := ParseUSD(text)
		if err != nil {
			return
		}
		again, err := ParseUSD(FormatUSD(micros)[1:])
		if err != nil || again != micros || micros < 0 {
			t.Errorf("%q is %d, and that is %d, %v", text, micros, again, err)
		}
	})
}
