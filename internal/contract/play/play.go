// Package play sends the steps of acceptance cases to a service and compares what comes back with what must.
//
// It never makes up a step, never starts a service, and never repairs an answer: the first step that is not answered as
// expected ends its case.
//
// Arrows: qlp.
package play

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 8 << 20

// Exchange is one step as it was sent and answered.
type Exchange struct {
	Step    qlp.Step
	URL     string
	Sent    string // the body
	Status  int
	Header  http.Header
	Body    []byte
	Wrong   []string // what is not as expected
	NoReply string   // why there was no answer at all
}

// Player plays cases against one service. It is safe for concurrent use.
type Player struct {
	Client *http.Client
	Base   string // http://127.0.0.1:8080
	Key    string // sent unless a step leaves it out
}

// Play sends the steps of a case until one goes wrong, and returns them all. An error is ctx being done.
func (p *Player) Play(ctx context.Context, c qlp.Acceptance) ([]Exchange, error) {
	vars := map[string]string{"api_key": p.Key}
	var out []Exchange
	for _, step := range c.Steps {
		x := p.send(ctx, step, vars)
		if ctx.Err() != nil {
			return out, context.Cause(ctx)
		}
		out = append(out, x)
		if x.Failed() {
			break
		}
	}
	return out, nil
}

// Failed reports whether the answer was not as expected.
func (x Exchange) Failed() bool { return len(x.Wrong) > 0 || x.NoReply != "" }

// String shows request, answer, and what is wrong with it.
func (x Exchange) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", x.Step.Method, x.URL)
	if x.Sent != "" {
		fmt.Fprintf(&b, " %s", short(x.Sent))
	}
	if x.NoReply != "" {
		fmt.Fprintf(&b, "\n  no answer: %s", x.NoReply)
		return b.String()
	}
	fmt.Fprintf(&b, "\n  %d %s", x.Status, short(string(x.Body)))
	for _, w := range x.Wrong {
		fmt.Fprintf(&b, "\n  wrong: %s", w)
	}
	return b.String()
}

func short(s string) string {
	const most = 600
	if len(s) > most {
		return strings.ToValidUTF8(s[:most], "") + "…"
	}
	return s
}

func (p *Player) send(ctx context.Context, step qlp.Step, vars map[string]string) Exchange {
	x := Exchange{Step: step, URL: expand(step.Path, vars), Sent: expand(step.Body, vars)}
	var body io.Reader
	if x.Sent != "" {
		body = strings.NewReader(x.Sent)
	}
	req, err := http.NewRequestWithContext(ctx, step.Method, p.Base+x.URL, body)
	if err != nil {
		x.NoReply = err.Error()
		return x
	}
	if x.Sent != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if p.Key != "" && !step.NoAuth {
		req.Header.Set("X-API-Key", p.Key)
	}
	for name, value := range step.Headers {
		if value == "" {
			req.Header.Del(name)
		} else {
			req.Header.Set(name, expand(value, vars))
		}
	}
	res, err := p.Client.Do(req)
	if err != nil {
		x.NoReply = err.Error()
		return x
	}
	defer res.Body.Close()
	x.Status, x.Header = res.StatusCode, res.Header
	if x.Body, err = io.ReadAll(io.LimitReader(res.Body, maxAnswer)); err != nil {
		x.NoReply = "read the answer: " + err.Error()
		return x
	}
	x.Wrong = judge(&x, vars)
	return x
}
