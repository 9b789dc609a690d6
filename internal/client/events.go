package client

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/coder/websocket"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// maxEvent bounds one event, in bytes: a spec or a plan is the largest.
const maxEvent = 8 << 20

// reconnectAfter is the pause before a lost connection is made again; maxReconnects in a row end the stream.
const (
	reconnectAfter = 200 * time.Millisecond
	maxReconnects  = 25
)

// Events yields an intent's events after since, then those that come, each once and in order. A lost connection is made
// again where it broke off. The stream ends with an error when ctx is done or the server stays away; the caller ends it by
// breaking off, usually after run.finished.
func (c *Client) Events(ctx context.Context, intentID string, since int64) iter.Seq2[qlp.Event, error] {
	return c.events(ctx, intentID, since, false)
}

// EventsAndText yields the same, and in between, as events of type model.text without a number, what models are writing just
// now. What is written while no connection stands is missed.
func (c *Client) EventsAndText(ctx context.Context, intentID string, since int64) iter.Seq2[qlp.Event, error] {
	return c.events(ctx, intentID, since, true)
}

func (c *Client) events(ctx context.Context, intentID string, since int64, text bool) iter.Seq2[qlp.Event, error] {
	return func(yield func(qlp.Event, error) bool) {
		for failures := 0; ; failures++ {
			before := since
			goOn, err := c.stream(ctx, intentID, &since, text, yield)
			if !goOn {
				return
			}
			if since > before {
				failures = 0
			}
			if code := qlp.CodeOf(err); ctx.Err() != nil || failures >= maxReconnects || code == qlp.NotFound || code == qlp.Unauthorized || code == qlp.Invalid {
				yield(qlp.Event{}, err)
				return
			}
			select {
			case <-ctx.Done():
			case <-time.After(reconnectAfter):
			}
		}
	}
}

// stream reads one connection; goOn is false when the caller broke off.
func (c *Client) stream(ctx context.Context, intentID string, since *int64, text bool, yield func(qlp.Event, error) bool) (goOn bool, err error) {
	query := url.Values{"intent": {intentID}, "since": {strconv.FormatInt(*since, 10)}}
	if text {
		query.Set("text", "true")
	}
	header := http.Header{}
	c.authorize(header)
	conn, resp, err := websocket.Dial(ctx, c.base+"/api/v1/events?"+query.Encode(), &websocket.DialOptions{HTTPClient: c.http, HTTPHeader: header}) //nolint:bodyclose // the library closes it
	if err != nil {
		return true, c.refused(ctx, resp, intentID, err)
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxEvent)
	for {
		_, b, err := conn.Read(ctx)
		if err != nil {
			return true, unreachable(c.base, err)
		}
		var event qlp.Event
		if err := json.Unmarshal(b, &event); err != nil {
			return true, fmt.Errorf("decode event: %w", err)
		}
		if event.Seq <= *since && !(text && event.Type == qlp.EventModelText) {
			continue
		}
		*since = max(*since, event.Seq)
		if !yield(event, nil) {
			return false, nil
		}
	}
}

// refused explains a handshake that failed: the plain API tells why.
func (c *Client) refused(ctx context.Context, resp *http.Response, intentID string, err error) error {
	if resp != nil && resp.StatusCode >= http.StatusBadRequest && resp.StatusCode < http.StatusInternalServerError {
		if _, why := c.Get(ctx, intentID); why != nil {
			return why
		}
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	return unreachable(c.base, err)
}
