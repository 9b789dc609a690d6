package prompt

import "strings"

// JSON returns the part of an answer that should be its JSON: the whole text, or what stands in its one code fence, or what lies between
// its first and its last brace. What it returns need not be JSON.
func JSON(text string) []byte {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\uFEFF"))
	if strings.HasPrefix(text, "{") {
		return []byte(text)
	}
	if _, rest, found := strings.Cut(text, "```"); found {
		if inner, _, closed := strings.Cut(rest, "```"); closed {
			if at := strings.IndexByte(inner, '{'); at >= 0 {
				return []byte(strings.TrimSpace(inner[at:]))
			}
		}
	}
	from, to := strings.IndexByte(text, '{'), strings.LastIndexByte(text, '}')
	if from < 0 || to < from {
		return []byte(text)
	}
	return []byte(text[from : to+1])
}
