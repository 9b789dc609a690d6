package acceptance

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// TestCrash kills the service while four clients write, twice, and starts it again over the same rows: every row that was
// answered is there as it was answered, and no id is given a second time.
func TestCrash(t *testing.T) {
	t.Parallel()
	plan, dataDir := suite(t).Crash, t.TempDir()
	half := len(plan.Bodies) / 2
	rows := map[string]string{} // id → the row as it was answered
	vars := map[string]string{"api_key": apiKey}
	for round, bodies := range [][]string{plan.Bodies[:half], plan.Bodies[half:]} {
		s := launch(t, dataDir)
		if round == 0 {
			for _, step := range plan.Before {
				if wrong := s.send(step, vars).judge(vars); wrong != "" {
					t.Fatalf("before the crash:\n%s", wrong)
				}
			}
		}
		verify(t, s, plan, rows)
		if n := writeAndKill(t, s, plan.Path, bodies, vars, rows); n == 0 {
			t.Fatalf("round %d: no write was answered before the kill", round+1)
		}
	}
	verify(t, start(t, dataDir), plan, rows)
}

// writeAndKill sends the bodies from four clients, kills the service in the middle, adds what was answered to rows, and
// returns how much that was.
func writeAndKill(t *testing.T, s *Service, path string, bodies []string, vars, rows map[string]string) int {
	t.Helper()
	next, answers := make(chan string, len(bodies)), make(chan *Exchange, len(bodies))
	for _, b := range bodies {
		next <- b
	}
	close(next)
	var clients sync.WaitGroup
	for range 4 {
		clients.Add(1)
		go func() {
			defer clients.Done()
			for body := range next {
				x := s.send(Step{Method: http.MethodPost, Path: path, Body: body}, vars)
				if x.Err != nil {
					return // it was killed
				}
				answers <- x
			}
		}()
	}
	go func() {
		clients.Wait()
		close(answers)
	}()
	n := 0
	for x := range answers {
		doc, err := parse(x.Body)
		id := doc.show("/id")
		if err != nil || x.Status != http.StatusCreated {
			t.Errorf("a write was answered with %d %s", x.Status, short(string(x.Body)))
		} else if row, twice := rows[id]; twice {
			t.Errorf("id %s was given to %s and again to %s", id, row, doc.show(""))
		} else {
			rows[id] = doc.show("")
		}
		if n++; n == len(bodies)/3 {
			s.kill(t)
		}
	}
	if n < len(bodies)/3 {
		s.kill(t)
	}
	return n
}

// verify reads every row again.
func verify(t *testing.T, s *Service, plan *Crash, rows map[string]string) {
	t.Helper()
	found := map[string]string{}
	for page := 1; !plan.Get; page++ {
		x := s.send(Step{Method: http.MethodGet, Path: fmt.Sprintf("%s?page_size=100&page=%d", plan.Path, page)}, s.vars())
		doc, err := parse(x.Body)
		items, _ := doc.at("/items").value.([]document)
		if err != nil || len(items) == 0 {
			break
		}
		for _, item := range items {
			found[item.show("/id")] = item.show("")
		}
	}
	for id, row := range rows {
		if plan.Get {
			x := s.send(Step{Method: http.MethodGet, Path: plan.Path + "/" + id}, s.vars())
			found[id] = fmt.Sprintf("status %d", x.Status)
			if doc, err := parse(x.Body); err == nil && x.Status == http.StatusOK {
				found[id] = doc.show("")
			}
		}
		if found[id] != row {
			t.Errorf("after kill -9, row %s\nwas answered as %s\nand is now      %s", id, row, found[id])
		}
	}
}
