package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// redrawEvery is how often a terminal is told for how long a task has been running.
const redrawEvery = time.Second

// longestLine is how much of a line of a model's text is shown, in characters.
const longestLine = 200

// view shows a run the way that the output wants it: as JSON, as lines, or as a block on a terminal that is drawn again.
type view struct {
	c     *command
	p     *progress
	quiet bool
	live  *screen // nil: lines
	text  *texts

	mu   sync.Mutex
	stop chan struct{}
	done sync.WaitGroup
}

// newView begins to show; the caller closes it.
func (c *command) newView(p *progress, quiet, stream bool) *view {
	v := &view{c: c, p: p, quiet: quiet, text: newTexts(), stop: make(chan struct{})}
	if terminal(c.out) && !c.json && !quiet && !stream { // text that scrolls by and a block that stays do not go together
		v.live = &screen{c: c}
		v.done.Go(v.redraw)
	}
	return v
}

func (v *view) close() {
	close(v.stop)
	v.done.Wait()
	for _, l := range v.text.rest() {
		v.c.printf("%s\n", l)
	}
}

// redraw tells the time while nothing else happens.
func (v *view) redraw() {
	tick := time.NewTicker(redrawEvery)
	defer tick.Stop()
	for {
		select {
		case <-v.stop:
			return
		case <-tick.C:
			v.mu.Lock()
			v.live.draw(v.p.near + v.p.tree(newPaint(v.c.out), time.Now()))
			v.mu.Unlock()
		}
	}
}

// take folds an event in and shows it.
func (v *view) take(e qlp.Event) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if err := v.p.take(e); err != nil {
		return err
	}
	c := v.c
	switch {
	case c.json:
		if e.Type != qlp.EventRunFinished { // the last line is ours
			c.printJSON(e)
		}
	case v.quiet:
	case v.live != nil:
		v.live.draw(v.p.near + v.p.tree(newPaint(c.out), time.Now()))
	default:
		v.lines(e)
	}
	return nil
}

func (v *view) lines(e qlp.Event) {
	if e.Type == qlp.EventModelText {
		for _, l := range v.text.take(e) {
			v.c.printf("%s\n", l)
		}
		return
	}
	if e.Type == qlp.EventPlanReady {
		v.c.printf("%s", v.p.tree(false, e.Time))
	}
	if text := line(e); text != "" {
		v.c.printf("%s\n", text)
	}
}

// texts puts the pieces that models write together to lines, by task.
type texts struct{ open map[string]string }

func newTexts() *texts { return &texts{open: map[string]string{}} }

// take returns the lines that a piece completes.
func (t *texts) take(e qlp.Event) []string {
	var piece qlp.ModelText
	if json.Unmarshal(e.Data, &piece) != nil {
		return nil
	}
	var out []string
	all := t.open[e.TaskID] + piece.Text
	for {
		line, rest, ok := strings.Cut(all, "\n")
		if !ok {
			break
		}
		out, all = append(out, shownText(e.TaskID, line)), rest
	}
	t.open[e.TaskID] = all
	return out
}

// rest returns the lines that nothing has completed.
func (t *texts) rest() []string {
	var out []string
	for task, text := range t.open {
		if text != "" {
			out = append(out, shownText(task, text))
		}
	}
	clear(t.open)
	return out
}

func shownText(task, text string) string {
	if task == "" {
		task = "model"
	}
	return fmt.Sprintf("  %s | %s", plain(task, 40), plain(text, longestLine))
}

// eventsOf follows an intent's events, with what models write in between if that is asked for.
func (s *session) eventsOf(ctx context.Context, id string, since int64, text bool) iter.Seq2[qlp.Event, error] {
	if text {
		return s.EventsAndText(ctx, id, since)
	}
	return s.Events(ctx, id, since)
}

// screen redraws a block of lines in place.
type screen struct {
	c     *command
	lines int
}

func (s *screen) draw(text string) {
	columns := width(s.c.out)
	var b strings.Builder
	if s.lines > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\x1b[J", s.lines)
	}
	s.lines = 0
	for l := range strings.Lines(text) {
		b.WriteString(l)
		s.lines += 1 + (len([]rune(l))-1)/(columns+1)
	}
	s.c.printf("%s", b.String())
}
