// Package client speaks to a QLP server over its API.
//
// It never retries what is not idempotent, and never hides an error's code: what the server says comes back as the same
// domain error that the engine made.
//
// Arrows: qlp and the WebSocket library. It shares no code with the server: only the API's description connects them.
package client

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// maxAnswer bounds what is read of one answer, in bytes; a capsule is the largest.
const maxAnswer = 512 << 20

// Client calls one server. It is safe for concurrent use.
type Client struct {
	base  string
	token string
	http  *http.Client
}

// New returns a client for the server at base ("http://127.0.0.1:8080"). transport nil means the default one.
func New(base, token string, transport http.RoundTripper) *Client {
	return &Client{base: base, token: token, http: &http.Client{Transport: transport}}
}

// NewIntent is what Create hands in.
type NewIntent struct {
	Words    string          `json:"words,omitempty"`
	Settings qlp.Settings    `json:"settings,omitzero"`
	From     string          `json:"from,omitempty"` // the intent that it starts from
	Spec     json.RawMessage `json:"spec,omitempty"`
}

// Create hands in an intent. With a key, calling again with the same intent gives the same one.
func (c *Client) Create(ctx context.Context, in NewIntent, key string) (qlp.Intent, error) {
	var out qlp.Intent
	return out, c.call(ctx, http.MethodPost, "/api/v1/intents", http.Header{"Idempotency-Key": {key}}, in, &out)
}

// Get returns an intent with its latest run.
func (c *Client) Get(ctx context.Context, id string) (qlp.Intent, error) {
	var out qlp.Intent
	return out, c.call(ctx, http.MethodGet, "/api/v1/intents/"+url.PathEscape(id), nil, nil, &out)
}

// Page of intents.
type Page struct {
	Items      []qlp.Intent `json:"items"`
	NextCursor string       `json:"next_cursor"`
}

// List returns a page of intents, newest first. An empty state means any, an empty cursor the first page.
func (c *Client) List(ctx context.Context, state qlp.State, cursor string, limit int) (Page, error) {
	query := url.Values{"limit": {strconv.Itoa(limit)}}
	if state != "" {
		query.Set("state", string(state))
	}
	if cursor != "" {
		query.Set("cursor", cursor)
	}
	var out Page
	return out, c.call(ctx, http.MethodGet, "/api/v1/intents?"+query.Encode(), nil, nil, &out)
}

// Cancel stops an intent's run.
func (c *Client) Cancel(ctx context.Context, id string) (qlp.Intent, error) {
	return c.act(ctx, id, "cancel", nil)
}

// Approve lets an intent's run go on.
func (c *Client) Approve(ctx context.Context, id string) (qlp.Intent, error) {
	return c.act(ctx, id, "approve", nil)
}

// Retry runs an intent again, from a task or, with "", from the first.
func (c *Client) Retry(ctx context.Context, id, fromTask string) (qlp.Intent, error) {
	return c.act(ctx, id, "retry", map[string]string{"from_task": fromTask})
}

// Resume lets a paused intent go on; caps that are set take the place of those that stand.
func (c *Client) Resume(ctx context.Context, id string, caps qlp.ModelCaps) (qlp.Intent, error) {
	return c.act(ctx, id, "resume", map[string]qlp.ModelCaps{"caps": caps})
}

// Replay runs a run again from its recordings, as a new intent.
func (c *Client) Replay(ctx context.Context, runID string) (qlp.Intent, error) {
	var out qlp.Intent
	return out, c.call(ctx, http.MethodPost, runPath(runID, "/replay"), nil, nil, &out)
}

// Run returns a run with its tasks and checks.
func (c *Client) Run(ctx context.Context, id string) (qlp.Run, error) {
	var out qlp.Run
	return out, c.call(ctx, http.MethodGet, runPath(id, ""), nil, nil, &out)
}

func (c *Client) act(ctx context.Context, id, action string, body any) (qlp.Intent, error) {
	var out qlp.Intent
	return out, c.call(ctx, http.MethodPost, "/api/v1/intents/"+url.PathEscape(id)+"/"+action, nil, body, &out)
}

// Runs returns an intent's runs.
func (c *Client) Runs(ctx context.Context, id string) ([]qlp.Run, error) {
	return list[qlp.Run](ctx, c, "/api/v1/intents/"+url.PathEscape(id)+"/runs")
}

// Attempts returns a run's attempts.
func (c *Client) Attempts(ctx context.Context, runID string) ([]qlp.Attempt, error) {
	return list[qlp.Attempt](ctx, c, runPath(runID, "/attempts"))
}

// Executions returns the commands of a run's last verification.
func (c *Client) Executions(ctx context.Context, runID string) ([]qlp.Execution, error) {
	return list[qlp.Execution](ctx, c, runPath(runID, "/executions"))
}

// Files returns a run's project by digests.
func (c *Client) Files(ctx context.Context, runID string) (qlp.Tree, error) {
	return list[qlp.Entry](ctx, c, runPath(runID, "/files"))
}

// File returns one file of a run's project.
func (c *Client) File(ctx context.Context, runID, path string) ([]byte, error) {
	return c.raw(ctx, runPath(runID, "/file?"+url.Values{"path": {path}}.Encode()))
}

// Log returns what an execution wrote to stream, stdout or stderr.
func (c *Client) Log(ctx context.Context, runID, execution, stream string) ([]byte, error) {
	return c.raw(ctx, runPath(runID, "/executions/"+url.PathEscape(execution)+"/logs/"+stream))
}

// Capsule returns a run's capsule.
func (c *Client) Capsule(ctx context.Context, runID string) ([]byte, error) {
	return c.raw(ctx, runPath(runID, "/capsule"))
}

// Healthy returns nil when the server answers that it is alive.
func (c *Client) Healthy(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, "/healthz", nil, nil, nil)
}

// Ready returns nil when the server answers that it can serve requests: its database answers, and it is not about to stop.
func (c *Client) Ready(ctx context.Context) error {
	return c.call(ctx, http.MethodGet, "/readyz", nil, nil, nil)
}

func runPath(id, rest string) string { return "/api/v1/runs/" + url.PathEscape(id) + rest }

func list[T any](ctx context.Context, c *Client, path string) ([]T, error) {
	var out struct {
		Items []T `json:"items"`
	}
	return out.Items, c.call(ctx, http.MethodGet, path, nil, nil, &out)
}

// call sends in as JSON and reads the answer into out, unless these are nil.
func (c *Client) call(ctx context.Context, method, path string, header http.Header, in, out any) error {
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			return fmt.Errorf("encode request: %w", err)
		}
		body = bytes.NewReader(b)
	} else if method == http.MethodPost {
		body = bytes.NewReader([]byte("{}"))
	}
	b, err := c.do(ctx, method, path, header, body)
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(b, out); err != nil {
		return fmt.Errorf("decode answer: %w", err)
	}
	return nil
}

func (c *Client) raw(ctx context.Context, path string) ([]byte, error) {
	return c.do(ctx, http.MethodGet, path, nil, nil)
}

func (c *Client) do(ctx context.Context, method, path string, header http.Header, body io.Reader) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, body)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	for k, v := range header {
		if len(v) > 0 && v[0] != "" {
			req.Header[k] = v
		}
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	c.authorize(req.Header)
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, unreachable(c.base, err)
	}
	if len(b) > maxAnswer {
		return nil, qlp.Errorf(qlp.Invalid, "the server's answer is larger than %d bytes", maxAnswer)
	}
	if resp.StatusCode >= http.StatusBadRequest {
		return nil, problem(resp.StatusCode, b)
	}
	return b, nil
}

func (c *Client) authorize(h http.Header) {
	if c.token != "" {
		h.Set("Authorization", "Bearer "+c.token)
	}
}

func unreachable(base string, err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("call server: %w", err)
	}
	return qlp.Errorf(qlp.Unavailable, "the server at %s cannot be reached: %w", base, err).
		WithRemedy("start it with: qlp serve")
}

// problem reads an error answer.
func problem(status int, body []byte) error {
	var p struct {
		Code   qlp.Code `json:"code"`
		Detail string   `json:"detail"`
		Remedy string   `json:"remedy"`
		ID     string   `json:"request_id"`
		Errors []struct {
			Message  string `json:"message"`
			Location string `json:"location"`
		} `json:"errors"`
	}
	if err := json.Unmarshal(body, &p); err != nil || p.Code == "" {
		return qlp.Errorf(qlp.Unavailable, "the server answered with status %d and no explanation", status)
	}
	for _, e := range p.Errors {
		p.Detail += fmt.Sprintf("; %s: %s", e.Location, e.Message)
	}
	if p.Code == qlp.Internal {
		p.Detail += " (request " + p.ID + ")"
	}
	return &qlp.Error{Code: p.Code, Message: p.Detail, Remedy: p.Remedy}
}
