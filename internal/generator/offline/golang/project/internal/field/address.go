package field

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of addresses, in characters.
const (
	maxEmail = 254
	maxURL   = 2000
)

// parseEmail takes one @, something before it, and a dot within what follows.
func parseEmail(s string) (string, bool) {
	local, domain, _ := strings.Cut(s, "@")
	good := local != "" && len(domain) > 2 && strings.Contains(domain[1:len(domain)-1], ".") &&
		!strings.Contains(domain, "@") && isCompact(s, maxEmail)
	return s, good
}

// parseURL takes http or https with a host.
func parseURL(s string) (string, bool) {
	scheme, rest, _ := strings.Cut(s, "://")
	if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return "", false
	}
	host := rest
	if end := strings.IndexAny(host, "/?#"); end >= 0 {
		host = host[:end]
	}
	host = host[strings.LastIndex(host, "@")+1:]
	if strings.HasPrefix(host, "[") { // an IPv6 address
		end := strings.IndexByte(host, ']')
		return s, end > 1 && isCompact(s, maxURL)
	}
	host, _, _ = strings.Cut(host, ":")
	return s, host != "" && isCompact(s, maxURL)
}

// isCompact reports whether s has no white space, no U+0000, and at most limit characters.
func isCompact(s string, limit int) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r == 0 || unicode.IsSpace(r) }) && utf8.RuneCountInString(s) <= limit
}

// parseUUID takes 8-4-4-4-12 hexadecimal digits.
func parseUUID(s string) (string, bool) {
	if len(s) != 36 {
		return "", false
	}
	for i, c := range []byte(s) {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash && c != '-' || !dash && !isHex(c) {
			return "", false
		}
	}
	return strings.ToLower(s), true
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}
