package owner

import (
	"os"
	"strings"
	"testing"
)

func TestOrphaned(t *testing.T) {
	own := Name(os.Getpid())
	ns := pidNamespace()
	for name, want := range map[string]bool{
		own + "-1": false, ns + "-" + "999999999-5-1": true, "1-999999999-5-1": false, "rubbish": false, "": false,
		strings.Replace(own, startTime(os.Getpid()), "1", 1) + "-1": true,
	} {
		if got := Orphaned(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
