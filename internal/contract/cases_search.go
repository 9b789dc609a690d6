package contract

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// search looks for parts of the fresh values, which begin with a word of Latin letters.
func (b *builder) search(e qlp.Entity) {
	size, _ := b.spec.Page()
	found := false
	for _, name := range b.spec.Search[e.Name] {
		f, _ := e.Field(name)
		if f.Type == qlp.TypeEnum || f.Length > 0 || f.MaxLength > 0 && f.MaxLength < 20 {
			continue
		}
		found = true
		needle := "Qx" + strconv.Itoa(len(b.steps)) + "Éz"
		value := "left " + needle + " right"
		switch f.Type {
		case qlp.TypeEmail:
			needle = "Qx" + strconv.Itoa(len(b.steps)) + "Ez"
			value = needle + "@example.org"
		case qlp.TypeURL:
			needle = "Qx" + strconv.Itoa(len(b.steps)) + "Ez"
			value = "https://example.org/" + needle
		}
		if missing := f.MinLength - len([]rune(value)); missing > 0 {
			value += strings.Repeat("x", missing)
		}
		r := b.create(e, false, given{f, same(text(value))})
		b.create(e, false)
		for _, q := range []string{needle, strings.ToLower(needle), strings.ToUpper(needle), needle[1:]} {
			b.page(PathOf(e)+"?q="+url.QueryEscape(q), 1, size, 1, r)
		}
		if f.Type == qlp.TypeString || f.Type == qlp.TypeText {
			b.page(PathOf(e)+"?q="+url.QueryEscape("left "+needle), 1, size, 1, r)
		}
		b.page(PathOf(e)+"?q="+url.QueryEscape(needle+"%"), 1, size, 0)
		b.page(PathOf(e)+"?q="+url.QueryEscape(strings.Replace(needle, "x", "_", 1)), 1, size, 0)
	}
	b.page(PathOf(e)+"?q=nothing-has-this", 1, size, 0)
	b.impossible = b.impossible || !found
}
