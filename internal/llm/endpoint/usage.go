package endpoint

import (
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// slack is how far a count may be beyond what the length of the texts allows: the endpoint's own words around a prompt, and
// reasoning that is counted and not shown.
const slack = 1 << 20

// Usage returns what the endpoint counted, or an estimate by the length of the texts where it said nothing or what cannot be:
// nothing for the prompt, less than nothing, an answer for free, more tokens than there were bytes.
func Usage(counted *qlp.Usage, req llm.Request, text string) qlp.Usage {
	if counted != nil && plausible(*counted, req, text) {
		u := *counted
		u.Cached = min(max(u.Cached, 0), u.Input)
		return u
	}
	return qlp.Usage{Input: llm.Tokens(req.Size()), Output: llm.Tokens(len(text)), Estimated: true}
}

func plausible(u qlp.Usage, req llm.Request, text string) bool {
	switch {
	case u.Input <= 0, u.Input > int64(req.Size())+slack:
		return false
	case u.Output < 0, u.Output == 0 && text != "", u.Output > int64(max(req.MaxTokens, len(text)))+slack:
		return false
	default:
		return true
	}
}
