package qlp

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

func TestErrors(t *testing.T) {
	t.Parallel()
	bare := Errorf(Exhausted, "write %s: %w", "x", io.ErrShortWrite)
	hinted := bare.WithRemedy("free %d bytes", 9)
	outer := Errorf(Unavailable, "put blob: %w", hinted)
	for name, c := range map[string]struct {
		err    error
		code   Code
		remedy string
	}{
		"nil":              {nil, "", ""},
		"any other":        {io.EOF, Internal, ""},
		"bare":             {bare, Exhausted, ""},
		"with a remedy":    {hinted, Exhausted, "free 9 bytes"},
		"wrapped":          {fmt.Errorf("do it: %w", hinted), Exhausted, "free 9 bytes"},
		"joined":           {errors.Join(io.EOF, hinted), Exhausted, "free 9 bytes"},
		"the outermost":    {outer, Unavailable, "free 9 bytes"},
		"its own comes 1.": {outer.WithRemedy("wait"), Unavailable, "wait"},
	} {
		if CodeOf(c.err) != c.code || RemedyOf(c.err) != c.remedy {
			t.Errorf("%s: %s, %q", name, CodeOf(c.err), RemedyOf(c.err))
		}
	}
	if bare.Remedy != "" {
		t.Error("WithRemedy changed its receiver")
	}
	if !errors.Is(outer, io.ErrShortWrite) || !strings.HasPrefix(outer.Error(), "put blob: write x") {
		t.Errorf("the cause is lost: %v", outer)
	}
}

func TestCheckWords(t *testing.T) {
	t.Parallel()
	for _, words := range []string{"a", "ein Dienst für Bücher\r\n\tzwei", strings.Repeat("é", MaxIntent/2)} {
		if err := CheckWords(words); err != nil {
			t.Errorf("%.20q: %v", words, err)
		}
	}
	for name, words := range map[string]string{
		"empty": "", "blank": " \n\t", "too long": strings.Repeat("a", MaxIntent+1), "not UTF-8": "a\xff", "NUL": "a\x00", "escape": "\x1b[31m", "delete": "a\x7f",
	} {
		if err := CheckWords(words); CodeOf(err) != Invalid || RemedyOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestCaps(t *testing.T) {
	t.Parallel()
	if got := (Caps{}).WithDefaults(); got != DefaultCaps() || got.WallSeconds <= 0 || got.SandboxSeconds <= 0 || got.Repairs <= 0 {
		t.Errorf("nothing said: %+v", got)
	}
	given := Caps{WallSeconds: 1, SandboxSeconds: 2, Repairs: -1}
	if got := given.WithDefaults(); got != given || got.WithDefaults() != given {
		t.Errorf("what was said is changed: %+v", got)
	}
}
