package contract

import (
	"os"
	"strings"
	"testing"
)

// The guide shows the text that is embedded, and not a copy of it.
func TestTextIsTheGuide(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/guide/service-contract.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != Text() || !strings.HasPrefix(Text(), "# The contract of a generated service") {
		t.Error("docs/guide/service-contract.md is not the embedded text")
	}
}
