package chaos

import (
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/store/postgres/pgtest"
)

// TestShort is the chaos test as far as it fits into every run of the tests; make chaos is the long one. What is played follows from
// the seed, when it meets what does not: so it is another play each time.
func TestShort(t *testing.T) {
	for _, database := range []string{SQLite, Postgres} {
		t.Run(database, func(t *testing.T) {
			cfg := Config{
				Binary: binary, Work: workFolder(t), Database: database, Recordings: recordingsFolder(t), Seed: 11,
				Intents: 8, Kills: 14, Freezes: 1, Cuts: 1, Fills: 1, Reruns: 1, Settle: 2 * time.Minute, Progress: t.Output(),
			}
			if database == Postgres {
				cfg.URL = pgtest.Server(t)
			}
			report, err := Play(t.Context(), cfg)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range report.Violations {
				t.Error(v)
			}
			t.Log(report.Markdown())
			for kind, want := range map[Kind]int{Kill: report.Config.Kills, Freeze: 1, Cut: report.Config.Cuts, Fill: 1} {
				if kind == Fill && report.NoDisk != "" {
					t.Logf("no disk was filled: %s", report.NoDisk)
					continue
				}
				if n := report.count(kind); n != want {
					t.Errorf("%d faults of the kind %s were made, want %d", n, kind, want)
				}
			}
			// A play that meets nothing proves nothing.
			if n := report.Effective(); n < report.Config.Kills/2 {
				t.Errorf("%d of %d kills hit while an intent was under way", n, report.Config.Kills)
			}
			if report.Verified == 0 {
				t.Error("no capsule was there to be verified")
			}
		})
	}
}
