package wire

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		key, value string
		want       time.Duration
	}{
		{"Retry-After", "2", 2 * time.Second}, {"Retry-After", "0.5", 500 * time.Millisecond}, {"Retry-After", "-3", 0}, {"Retry-After", "soon", 0},
		{"Retry-After", "Wed, 25 Nov 2026 12:00:30 GMT", 30 * time.Second}, {"Retry-After", "Wed, 25 Nov 2026 11:00:00 GMT", 0},
		{"Retry-After", "1e300", 24 * time.Hour}, {"Retry-After", "NaN", 0}, {"Retry-After-Ms", "250", 250 * time.Millisecond}, {"X", "1", 0},
	} {
		if got := RetryAfter(http.Header{c.key: {c.value}}, now); got != c.want {
			t.Errorf("%s: %s gives %s, not %s", c.key, c.value, got, c.want)
		}
	}
}

func TestMessagesAreClean(t *testing.T) {
	t.Parallel()
	got := Clean("key \x1b[31mhush-hush-1\x00 or sk-abcdefghijk or Bearer abc.def.ghi12345 "+strings.Repeat("x", 1000), "hush-hush-1")
	if strings.Contains(got, "hush") || strings.Contains(got, "sk-a") || strings.Contains(got, "abc.def") || strings.ContainsAny(got, "\x1b\x00") || len(got) > 310 {
		t.Errorf("%q", got)
	}
}

func TestUsageThatCannotBe(t *testing.T) {
	t.Parallel()
	req := llm.Request{System: strings.Repeat("s", 700), MaxTokens: 100}
	for _, c := range []struct{ said, want qlp.Usage }{
		{qlp.Usage{Input: 150, Cached: 100, Output: 20}, qlp.Usage{Input: 150, Cached: 100, Output: 20}},
		{qlp.Usage{}, qlp.Usage{Input: 200, Output: 2, Estimated: true}},
		{qlp.Usage{Input: 1 << 60, Output: 20}, qlp.Usage{Input: 200, Output: 20, Estimated: true}},
		{qlp.Usage{Input: 150, Cached: 151, Output: 20}, qlp.Usage{Input: 200, Output: 20, Estimated: true}},
		{qlp.Usage{Input: 150, Output: -1}, qlp.Usage{Input: 150, Output: 2, Estimated: true}},
		{qlp.Usage{Input: 150, Output: 1 << 40}, qlp.Usage{Input: 150, Output: 2, Estimated: true}},
	} {
		if got := Usage(req, "answer", c.said); got != c.want {
			t.Errorf("%+v is taken for %+v, not %+v", c.said, got, c.want)
		}
	}
}
