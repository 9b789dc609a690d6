package endpoint

import (
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const redacted = "[redacted]"

// Scrub takes the keys and tokens of a request's header, and what looks like one, out of a text.
func Scrub(text string, header http.Header) string {
	for _, name := range []string{"Authorization", "Api-Key", "X-Api-Key"} {
		for _, value := range header.Values(name) {
			secret := strings.TrimPrefix(value, "Bearer ")
			if len(secret) >= 4 {
				text = strings.ReplaceAll(text, secret, redacted)
			}
		}
	}
	return lookalike().ReplaceAllString(text, redacted)
}

// lookalike matches keys of the well-known vendors, also those that the endpoint has shortened with stars, and bearer tokens.
func lookalike() *regexp.Regexp {
	return regexp.MustCompile(`\bsk-[A-Za-z0-9_*.-]{6,}|(?i:bearer )[A-Za-z0-9._~+/=-]{16,}|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9._-]+`)
}

// maxMessage is how much of an endpoint's words is kept, in bytes.
const maxMessage = 400

// brief makes a stranger's text one short printable line.
func brief(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || !unicode.IsPrint(r) }), " ")
	if len(text) <= maxMessage {
		return text
	}
	cut := maxMessage
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
