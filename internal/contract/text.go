package contract

import _ "embed" // the contract's text

//go:embed service-contract.md
var page string

// Text is the contract in words: the page that docs/guide shows, in Markdown.
func Text() string { return page }
