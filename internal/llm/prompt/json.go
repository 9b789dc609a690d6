package prompt

import "github.com/quantumlayer/qlp/internal/llm/jsonish"

// JSON returns the JSON value in an answer, mended where it is almost right. An answer that holds none, or only the beginning
// of one, is returned as it is, so that whoever decodes it says so.
func JSON(text string) []byte {
	raw, _, err := jsonish.Extract(text)
	if err != nil {
		return []byte(text)
	}
	return raw
}
