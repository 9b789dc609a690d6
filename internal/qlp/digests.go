package qlp

import (
	"iter"
	"strings"
)

// Digests yields every digest that a text speaks of, in its order: "sha256:" and 64 hex digits, wherever they stand.
func Digests(text string) iter.Seq[Digest] {
	const prefix, length = "sha256:", len("sha256:") + 64
	return func(yield func(Digest) bool) {
		for {
			i := strings.Index(text, prefix)
			if i < 0 || len(text) < i+length {
				return
			}
			d := Digest(text[i : i+length])
			if d.Hex() == "" {
				text = text[i+len(prefix):]
				continue
			}
			if !yield(d) {
				return
			}
			text = text[i+length:]
		}
	}
}
