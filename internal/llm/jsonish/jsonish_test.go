package jsonish

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

func TestExtract(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in, want string
		repaired bool
		err      error
	}{
		"right":                   {in: ` {"a": [1, 2]} `, want: `{"a": [1, 2]}`},
		"trailing commas":         {in: `{"a":[1,2,],}`, want: `{"a":[1,2]}`, repaired: true},
		"fence":                   {in: "```json\n{\"a\":1}\n```", want: `{"a":1}`, repaired: true},
		"fence after prose":       {in: "Here it is:\n```\n[1]\n```\nDone.", want: `[1]`, repaired: true},
		"a second fence":          {in: "```sh\nls\n```\nthen\n```json\n{\"a\":1}\n```", want: `{"a":1}`, repaired: true},
		"fence inside a string":   {in: "{\"a\":\"```go\\nx\\n```\",}", want: "{\"a\":\"```go\\nx\\n```\"}", repaired: true},
		"prose around":            {in: `Sure! {"a":"b"} Hope it helps.`, want: `{"a":"b"}`, repaired: true},
		"prose in brackets":       {in: `As you asked [see above]: {"a":1}`, want: `{"a":1}`, repaired: true},
		"single quotes":           {in: `{'a': 'b', 'c': ['d']}`, want: `{"a":"b","c":["d"]}`, repaired: true},
		"an apostrophe in double": {in: `{"a":"it's",}`, want: `{"a":"it's"}`, repaired: true},
		"ambiguous single quotes": {in: `{'a': 'it's'}`, err: ErrBad},
		"double inside single":    {in: `{'a': 'say "x"'}`, err: ErrBad},
		"cut in an object":        {in: `{"a":[1,2`, err: ErrCut},
		"cut in a string":         {in: `{"a":"b`, err: ErrCut},
		"missing value":           {in: `[1,,2]`, err: ErrBad},
		"wrong partner":           {in: `{"a":[1}`, err: ErrBad},
		"bare words":              {in: `{"a": yes}`, err: ErrBad},
		"no JSON":                 {in: `I cannot do that.`, err: ErrNone},
		"only prose in brackets":  {in: `[sic]`, err: ErrNone},
		"a bare number":           {in: `42`, err: ErrNone},
		"empty":                   {in: ``, err: ErrNone},
		"too deep":                {in: strings.Repeat("[", MaxDepth+1) + strings.Repeat("]", MaxDepth+1), err: ErrDeep},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, repaired, err := Extract(c.in)
			if string(got) != c.want || repaired != c.repaired || !errors.Is(err, c.err) {
				t.Errorf("Extract(%q) = %q, %v, %v; want %q, %v, %v", c.in, got, repaired, err, c.want, c.repaired, c.err)
			}
		})
	}
}

func TestExtractIsLinear(t *testing.T) {
	t.Parallel()
	const size = 4 << 20
	for _, unit := range []string{"[", "{", "```\n", "[x ", `{"a":`, "'", `"`, ",", "```a```"} {
		start := time.Now()
		if _, _, err := Extract(strings.Repeat(unit, size/len(unit))); err == nil {
			t.Errorf("%q repeated is taken for JSON", unit)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%q repeated takes %s", unit, d)
		}
	}
}

func FuzzExtract(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,2,],}`, "```json\n{\"a\":1}\n```", `x {'a': 'b'} y`, `[see] {"a":1}`, `{"a":"\u00e9\\"}`, `[[[[`, `{"a":"b`, "```\n```\n[",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		raw, repaired, err := Extract(text)
		if err != nil {
			if raw != nil {
				t.Fatalf("%q: a value with an error", text)
			}
			return
		}
		if !json.Valid(raw) || !shallow(string(raw)) {
			t.Fatalf("%q gives %q, which is not valid", text, raw)
		}
		if !repaired && strings.TrimSpace(text) != string(raw) {
			t.Fatalf("%q was changed to %q, and nobody said so", text, raw)
		}
		if again, mended, err := Extract(string(raw)); err != nil || mended || string(again) != string(raw) {
			t.Fatalf("%q is not stable: %q %v %v", raw, again, mended, err)
		}
	})
}
