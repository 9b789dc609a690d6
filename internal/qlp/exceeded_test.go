package qlp

import "testing"

func TestExceededSaysWhichCapAndWhetherToWait(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		e    Exceeded
		says string
		fits bool
	}{
		{
			Exceeded{Scope: "run:1", What: CapMicros, Limit: 2_000_000, Spent: 1_500_000, Reserved: 400_000, Asked: 300_000},
			"the cap of $2.0000 for run:1 would be passed: $1.5000 spent, $0.4000 reserved by calls under way, $0.3000 asked as this call's worst case", true,
		},
		{
			Exceeded{Scope: "day:2026-05-04", What: CapTokens, Limit: 100, Spent: 90, Reserved: 5, Asked: 20},
			"the cap of 100 tokens for day:2026-05-04 would be passed: 90 tokens spent, 5 tokens reserved by calls under way, 20 tokens asked as this call's worst case", false,
		},
		{
			Exceeded{Scope: "task:1/a", What: CapMS, Limit: 60_000, Spent: 59_001, Asked: 1000},
			"the cap of 60 s of waiting for task:1/a would be passed: 60 s of waiting spent, 1 s of waiting asked as this call's worst case", false,
		},
		{
			Exceeded{Scope: "team:2026-05", What: CapPrice, Limit: 5, Reserved: 1},
			"team:2026-05 has a cap on money and none on tokens, and the model's price is unknown", false,
		},
	} {
		if got := c.e.Error(); got != c.says || c.e.Fits() != c.fits {
			t.Errorf("got  %s (worth waiting: %v)\nwant %s", got, c.e.Fits(), c.says)
		}
	}
	if left := (&Exceeded{Limit: 5, Spent: 7}).Left(); left != -2 {
		t.Errorf("%d left", left)
	}
}
