package worker

import (
	"testing"
	"time"
)

func TestDelays(t *testing.T) {
	t.Parallel()
	w := &Worker{cfg: Config{Delays: DefaultDelays()}}
	for failures, want := range map[int]time.Duration{
		1: 100 * time.Millisecond, 2: time.Second, 3: 5 * time.Second, // the job
		4: 10 * time.Second, 5: 20 * time.Second, 6: 40 * time.Second, 7: time.Minute, 100: time.Minute, 1000: time.Minute, // its Abandon
	} {
		if got := w.delay(failures); got != want {
			t.Errorf("after %d failures: %s, want %s", failures, got, want)
		}
	}
	if got := (&Worker{}).delay(1); got != 2*time.Second {
		t.Errorf("without delays: %s", got)
	}
}
