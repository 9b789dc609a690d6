package agent

import (
	"strings"
	"testing"
)

const tag = "0123456789ab"

func TestParseBlocks(t *testing.T) {
	t.Parallel()
	text := strings.ReplaceAll(`Here you are.
@@T write a.go
package a

@@ not a mark
@@fedcba987654 end
@@T end
talk
@@T edit b.go
@@T search
one
two
@@T replace
three
@@T search
four
@@T replace
@@T end
@@T delete c.go
`, "T", tag)
	blocks, err := parseBlocks(text, tag)
	if err != nil || len(blocks) != 3 {
		t.Fatalf("%+v, %v", blocks, err)
	}
	if b := blocks[0]; b.verb != verbWrite || b.path != "a.go" || b.content != "package a\n\n@@ not a mark\n@@fedcba987654 end" {
		t.Errorf("write: %+v", b)
	}
	if b := blocks[1]; len(b.edits) != 2 || b.edits[0] != (edit{"one\ntwo", "three"}) || b.edits[1] != (edit{"four", ""}) {
		t.Errorf("edit: %+v", b)
	}
	if b := blocks[2]; b.verb != verbDelete || b.path != "c.go" {
		t.Errorf("delete: %+v", b)
	}
	crlf, err := parseBlocks(strings.ReplaceAll(text, "\n", "\r\n"), tag)
	if err != nil || crlf[0].content != blocks[0].content {
		t.Errorf("with CRLF: %+v, %v", crlf, err)
	}
}

func TestParseBlocksRefuses(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"nothing":           {"I cannot do that.", "no block"},
		"no end":            {"@@T write a\nx", "no end mark"},
		"write in write":    {"@@T write a\nx\n@@T write b\ny\n@@T end", "cannot stand here"},
		"end alone":         {"@@T end", "cannot stand here"},
		"replace first":     {"@@T edit a\n@@T replace\nx\n@@T end", "cannot stand here"},
		"edit without pair": {"@@T edit a\n@@T end", "cannot stand here"},
		"half a pair":       {"@@T edit a\n@@T search\nx\n@@T end", "cannot stand here"},
		"text in edit":      {"@@T edit a\nold\n@@T search\nx\n@@T replace\ny\n@@T end", "before its first search"},
		"no path":           {"@@T write\nx\n@@T end", "needs a path"},
		"unknown verb":      {"@@T rename a", "cannot stand here"},
		"too many":          {strings.Repeat("@@T delete a\n", maxBlocks+1), "at most"},
	} {
		if _, err := parseBlocks(strings.ReplaceAll(c.text, "T", tag), tag); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

// FuzzParseBlocks holds the parser to two rules: it comes back, and a content never holds its own mark.
func FuzzParseBlocks(f *testing.F) {
	m := "@@" + tag
	f.Add(m + " write a\nx\n" + m + " end\n")
	f.Add(m + " edit a\n" + m + " search\nx\n" + m + " replace\ny\n" + m + " search\nz\n" + m + " replace\n" + m + " end")
	f.Add(m + " write a\n" + m + "x\n" + m + " end")
	f.Add(m + "\n" + m + " \n" + m + " delete ../x\n\xff\x00")
	f.Add(strings.Repeat(m+" write a\n"+m+" end\n", 300))
	f.Fuzz(func(t *testing.T, text string) {
		blocks, err := parseBlocks(text, tag)
		if err != nil {
			return
		}
		if len(blocks) == 0 || len(blocks) > maxBlocks {
			t.Errorf("%d blocks", len(blocks))
		}
		for _, b := range blocks {
			for line := range strings.Lines(b.content) {
				if strings.HasPrefix(line, m+" ") {
					t.Errorf("a mark in the content of %q: %q", b.path, line)
				}
			}
			if b.verb == verbEdit && len(b.edits) == 0 {
				t.Errorf("an edit of %q without a pair", b.path)
			}
		}
	})
}

func TestApply(t *testing.T) {
	t.Parallel()
	const content = "a\n\tb()\nc\na\nd\n"
	for name, c := range map[string]struct {
		edit            edit
		want, why, near string
	}{
		"one line":         {edit{"c", "C"}, "a\n\tb()\nC\na\nd\n", "", ""},
		"first and more":   {edit{"a\n\tb()", "x"}, "x\nc\na\nd\n", "", ""},
		"last":             {edit{"d", "e\nf"}, "a\n\tb()\nc\na\ne\nf\n", "", ""},
		"taken out":        {edit{"c\na", ""}, "a\n\tb()\nd\n", "", ""},
		"two places":       {edit{"a", "x"}, content, "lines 1 and 4", ""},
		"part of a line":   {edit{"b()", "x"}, content, "do not stand", "\tb()"},
		"other whitespace": {edit{"  b()\nc", "x"}, content, "do not stand", "\tb()\nc"},
		"nowhere":          {edit{"zzz", "x"}, content, "do not stand", ""},
		"empty":            {edit{" \n", "x"}, content, "empty", ""},
	} {
		got, why, near := apply(content, c.edit)
		if got != c.want || !strings.Contains(why, c.why) || (why == "") != (c.why == "") || !strings.Contains(near, c.near) || (near == "") != (c.near == "") {
			t.Errorf("%s: %q, %q, %q", name, got, why, near)
		}
	}
}

func FuzzApply(f *testing.F) {
	f.Add("a\nb\nc\n", "b", "x")
	f.Add("", "", "")
	f.Add("\n\n\n", "\n", "y")
	f.Add("a\na\n", "a", "b")
	f.Fuzz(func(t *testing.T, content, search, replace string) {
		got, why, _ := apply(content, edit{search, replace})
		if why != "" {
			if got != content {
				t.Error("a refused edit changed the file")
			}
			return
		}
		if strings.Count("\n"+content+"\n", "\n"+search+"\n") > 1 {
			t.Error("an edit of two places was taken")
		}
	})
}
