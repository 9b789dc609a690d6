package sitetool_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/validator/test/sitetool"
)

func TestSite(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"index.html":      `<!doctype html><title>x</title><a href="about">a</a><a href="/docs/#two">d</a><a href="https://elsewhere.example/">e</a><img src="a.png" srcset="a.png 1x, /b.png 2x"><a href="mailto:a@b.example">m</a><a href="#top">t</a>`,
		"about.html":      `<!doctype html><p id="one"><a href="#one">1</a><a href="docs/index.html#two">2</a>`,
		"docs/index.html": `<h2 id="two">2</h2><a href="../about.html">up</a>`,
		"a.png":           "x", "b.png": "x",
	}
	for name, c := range map[string]struct {
		file, content string
		code          int
		says          string
	}{
		"good":            {"c.txt", "x", 0, "1..3\nok 1 - about.html\nok 2 - docs/index.html\nok 3 - index.html\n"},
		"a broken link":   {"about.html", `<a href="nowhere.html">x</a>`, 1, `not ok 1 - about.html: "nowhere.html" leads nowhere`},
		"a broken image":  {"about.html", `<img src="x.png">`, 1, `"x.png" leads nowhere`},
		"a broken place":  {"about.html", `<a href="/docs#three">x</a>`, 1, "not on the page"},
		"an id twice":     {"about.html", `<p id="a"><p id="a">`, 1, "there twice"},
		"an empty page":   {"empty.html", " \n", 1, "it is empty"},
		"a way out":       {"about.html", `<a href="../../../../etc/passwd">x</a>`, 1, "leads nowhere"},
		"a bad address":   {"about.html", `<a href="http://[::1">x</a>`, 1, "is no address"},
		"a folder's page": {"about.html", `<a href="docs">x</a>`, 0, "ok 1"},
	} {
		dir := t.TempDir()
		files := map[string]string{}
		for k, v := range good {
			files[k] = v
		}
		files[c.file] = c.content
		for k, v := range files {
			at := filepath.Join(dir, k)
			if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(at, []byte(v), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		var out strings.Builder
		if code := sitetool.Main([]string{dir}, &out); code != c.code || !strings.Contains(out.String(), c.says) {
			t.Errorf("%s: exit code %d\n%s", name, code, out.String())
		}
	}
	var out strings.Builder
	if code := sitetool.Main([]string{filepath.Join(t.TempDir(), "none")}, &out); code != 1 || !strings.Contains(out.String(), "Bail out!") {
		t.Errorf("%d %s", code, out.String())
	}
	if code := sitetool.Main(nil, &out); code != 2 {
		t.Errorf("%d", code)
	}
}
