package stack

import "testing"

func TestInsidePath(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]string{
		"/usr/local/go":                      "/usr/local/go",
		"/home/alice/.pyenv/versions/3.13.1": "/home/alice/.pyenv/versions/3.13.1", // Python has its prefix compiled in
		"/root/sdk/go1.26":                   "/root/sdk/go1.26",
		"/work/tools/bin/ruff":               "/opt/qlp/ruff/ruff",
		"/tmp/ruff":                          "/opt/qlp/ruff/ruff",
		"/workshop/ruff":                     "/workshop/ruff",
		"/home/sandbox/bin/ruff":             "/opt/qlp/ruff/ruff",
	} {
		if got := insidePath("ruff", host); got != want {
			t.Errorf("%s is at %s inside, want %s", host, got, want)
		}
	}
}
