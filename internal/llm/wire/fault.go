package wire

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
)

// Refusal is what an endpoint answered in place of an answer.
type Refusal struct {
	Status  int // of HTTP; 0 inside a stream
	Header  http.Header
	Code    string // the endpoint's own: context_length_exceeded
	Message string
}

// noCredit is how long a model without credit is left alone: long enough that another model of the role is asked.
const noCredit = time.Hour

var (
	overflow = regexp.MustCompile(`(?i)context[ _]length|context window|maximum context|prompt is too long|too many (input )?tokens|input is too long|exceeds the (model'?s )?context`)
	filtered = regexp.MustCompile(`(?i)content[ _]?(filter|policy|management)|responsible ai policy`)
	unknown  = regexp.MustCompile(`(?i)model.{0,80}(not (be )?found|does not exist|not exist)|(deployment|model).{0,40}does not exist|no such model|model_not_found|deploymentnotfound`)
)

// Fault reads a refusal. secrets are taken out of the message.
func Fault(provider, model string, r Refusal, secrets ...string) *llm.Error {
	e := &llm.Error{
		Provider: provider, Model: model, Status: r.Status, Kind: kindOf(r), After: RetryAfter(r.Header, time.Now()),
		Message: Clean(r.Message, secrets...), Sent: r.Status == 0 || r.Status >= 500,
	}
	switch {
	case r.Code == "insufficient_quota" || r.Status == http.StatusPaymentRequired:
		e.Kind, e.After, e.Remedy = llm.RateLimited, noCredit, "add credit to the account of this key, or configure another model for the role"
	case e.Kind == llm.Unauthorized:
		e.Remedy = "check the key of the provider " + provider + ", and what it may use"
	case e.Kind == llm.Unknown:
		e.Remedy = "name a model that the endpoint has, under `roles` in the providers file"
	case e.Kind == llm.Overflow:
		e.Remedy = "configure a model with a larger context window as a fallback of the role"
	}
	return e
}

func kindOf(r Refusal) llm.Kind {
	text := r.Code + " " + r.Message
	switch {
	case r.Status == http.StatusTooManyRequests:
		return llm.RateLimited
	case r.Status == http.StatusUnauthorized || r.Status == http.StatusForbidden:
		return llm.Unauthorized
	case overflow.MatchString(text) || r.Status == http.StatusRequestEntityTooLarge:
		return llm.Overflow
	case filtered.MatchString(text):
		return llm.Filtered
	case unknown.MatchString(text) || r.Status == http.StatusNotFound:
		return llm.Unknown
	case r.Status == 0:
		return inStream(text)
	case r.Status == http.StatusRequestTimeout || r.Status == http.StatusConflict || r.Status >= 500:
		return llm.Outage
	default:
		return llm.Rejected
	}
}

// inStream reads an error that came after the answer had begun, where there is no status.
func inStream(text string) llm.Kind {
	if strings.Contains(text, "rate_limit") {
		return llm.RateLimited
	}
	return llm.Outage
}

// RetryAfter reads when to come back: retry-after-ms, or Retry-After as seconds or as a date. 0: it is not said.
func RetryAfter(h http.Header, now time.Time) time.Duration {
	if ms, err := strconv.ParseFloat(h.Get("Retry-After-Ms"), 64); err == nil && ms > 0 {
		return capped(ms / 1000)
	}
	v := h.Get("Retry-After")
	if s, err := strconv.ParseFloat(v, 64); err == nil && s > 0 {
		return capped(s)
	}
	if at, err := http.ParseTime(v); err == nil && at.After(now) {
		return min(at.Sub(now), 24*time.Hour)
	}
	return 0
}

// capped turns seconds into a duration, a day at most, so that no number overflows.
func capped(seconds float64) time.Duration {
	return time.Duration(min(seconds, 86400) * float64(time.Second))
}

// Lost reads an error of the transport, or of a stream that broke. begun says that the answer had begun.
func Lost(ctx context.Context, provider, model string, err error, begun bool) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	e := &llm.Error{Provider: provider, Model: model, Kind: llm.Outage, Message: short(err), Sent: true, Err: err}
	var syntax *json.SyntaxError
	var typed *json.UnmarshalTypeError
	dial, isDial := errors.AsType[*net.OpError](err)
	switch {
	case errors.Is(err, ErrRedirect):
		e.Kind, e.Sent, e.Remedy = llm.Rejected, false, "set base_url to the address that the endpoint of "+provider+" really has"
	case errors.Is(err, ErrTooLong), errors.Is(err, bufio.ErrTooLong):
		e.Kind = llm.Malformed
	case errors.As(err, &syntax), errors.As(err, &typed):
		e.Kind, e.Message = llm.Malformed, "the endpoint's answer is not of its protocol"
	case isDial && dial.Op == "dial":
		e.Sent = false
		e.Remedy = "see that the endpoint of " + provider + " is running and can be reached"
	case begun && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		e.Kind = llm.Truncated
	}
	return e
}

// short is the last part of an error's chain: what is before it may hold addresses.
func short(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return Clean(err.Error())
		}
		err = next
	}
}

var keys = regexp.MustCompile(`(?i)\b(sk|key|pk|rk|api)-[a-z0-9_\-*]{6,}|bearer\s+[a-z0-9._\-]{8,}`)

// Clean bounds a message of an endpoint and takes out control characters, what looks like a key, and secrets.
func Clean(message string, secrets ...string) string {
	for _, s := range secrets {
		if s != "" {
			message = strings.ReplaceAll(message, s, "[secret]")
		}
	}
	message = strings.ToValidUTF8(message, "")
	message = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, message)
	message = keys.ReplaceAllString(message, "[secret]")
	const most = 300
	if cut := []rune(message); len(cut) > most {
		message = string(cut[:most]) + "…"
	}
	return strings.TrimSpace(message)
}
