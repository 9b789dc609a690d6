package acceptance

import (
	"net/http"
	"testing"
)

// TestRaces lets several clients create rows with one unique value at the same moment: exactly one may succeed.
func TestRaces(t *testing.T) {
	t.Parallel()
	s := start(t, t.TempDir())
	for _, race := range suite(t).Races {
		t.Run(race.ID, func(t *testing.T) {
			vars := s.vars()
			for _, step := range race.Steps {
				if wrong := s.send(step, vars).judge(vars); wrong != "" {
					t.Fatalf("before the race:\n%s", wrong)
				}
			}
			answers := make(chan *Exchange)
			for _, step := range race.Together {
				go func() { answers <- s.send(step, vars) }()
			}
			created := 0
			for range race.Together {
				x := <-answers
				if x.Status == http.StatusCreated {
					created++
				} else if wrong := x.judge(vars); wrong != "" {
					t.Errorf("a loser of the race:\n%s", wrong)
				}
			}
			if created != 1 {
				t.Errorf("%d of %d clients created a row with the same value, expected exactly one", created, len(race.Together))
			}
		})
	}
}
