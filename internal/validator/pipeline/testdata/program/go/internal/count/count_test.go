package count

import (
	"strings"
	"testing"
)

func TestLines(t *testing.T) {
	if n, err := Lines(strings.NewReader("a\nb\nc")); n != 3 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}
