package redact

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode"
)

var (
	keyName  = regexp.MustCompile(`(?i)(?:^|_)(?:[A-Z0-9]*KEY|TOKEN|SECRETS?|PASSWORD|PASSWD|PASSPHRASE|PASS|CREDENTIALS?|AUTH|DSN|CONNECTION_STRING|COOKIE|PAT|JWT)(?:_|$)`)
	placedBy = regexp.MustCompile(`(?i)_(?:FILE|PATH|DIR|SOCK|HOME|NAME|TYPE|MODE|URL|ID)$`) // these tell where a key is, not what it is
)

// A value shorter than shortestValue is no key that could be told from an ordinary word.
const shortestValue = 8

// secretValues returns the values of environ that look like keys, each also as base64, hexadecimal digits and in the form of
// a URL, the longest first, so that a value which holds another is replaced as a whole.
func secretValues(environ []string) []string {
	seen := map[string]bool{}
	add := func(v string) {
		if !likely(v) {
			return
		}
		raw := []byte(v)
		for _, form := range []string{
			v, base64.StdEncoding.EncodeToString(raw), base64.RawURLEncoding.EncodeToString(raw), hex.EncodeToString(raw), url.QueryEscape(v),
			url.PathEscape(v),
		} {
			seen[form] = true
		}
	}
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		value = strings.TrimSpace(value)
		if keyName.MatchString(name) && !placedBy.MatchString(name) {
			add(value)
		}
		if u, err := url.Parse(value); err == nil && u.User != nil { // whatever its name: postgres://user:password@host
			if password, given := u.User.Password(); given {
				add(password)
			}
		}
	}
	values := make([]string, 0, len(seen))
	for v := range seen {
		values = append(values, v)
	}
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	return values
}

// likely reports whether a value can be a key: long enough, of more than one sort of character, and with a digit unless it is
// very long. Without this, DB_PASSWORD=password would take a word of the language out of every text.
func likely(v string) bool {
	sorts := map[string]bool{}
	for _, r := range v {
		switch {
		case unicode.IsLower(r):
			sorts["lower"] = true
		case unicode.IsUpper(r):
			sorts["upper"] = true
		case unicode.IsDigit(r):
			sorts["digit"] = true
		default:
			sorts["other"] = true
		}
	}
	return len(v) >= shortestValue && len(sorts) >= 2 && (sorts["digit"] || len(v) >= 24)
}
