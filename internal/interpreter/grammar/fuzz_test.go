package grammar

import (
	"context"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// sound checks what must hold of every result, whatever the words.
func sound(t *testing.T, words string, r interpreter.Result) {
	t.Helper()
	within := func(what string, start, end int) {
		if start < 0 || start > end || end > len(words) {
			t.Errorf("%s: span %d to %d is not within %d bytes", what, start, end, len(words))
			return
		}
		for _, i := range []int{start, end} {
			if i < len(words) && !utf8.RuneStart(words[i]) {
				t.Errorf("%s: offset %d is within a rune", what, i)
			}
		}
	}
	for _, q := range r.Questions {
		within("question "+q.About, q.Start, q.End)
		if q.About == "" || q.Text == "" {
			t.Errorf("a question says nothing: %+v", q)
		}
	}
	for _, w := range r.Unparsed {
		within("unparsed", w.Start, w.End)
	}
	if r.Spec != nil {
		for _, s := range r.Spec.Sources {
			within("source "+s.Path, s.Start, s.End)
		}
	}
	switch r.Outcome {
	case interpreter.Understood:
		if p := r.Spec.Validate(); len(p) > 0 {
			t.Errorf("understood, but %v", p)
		}
		if len(r.Questions) > 0 {
			t.Error("understood, with questions")
		}
	case interpreter.Asked:
		if len(r.Questions) == 0 {
			t.Error("asked, without a question")
		}
	case interpreter.Refused:
		if r.Reason == "" || r.Needs == "" {
			t.Errorf("refused without saying why: %+v", r)
		}
	default:
		t.Errorf("outcome %q", r.Outcome)
	}
}

func FuzzInterpret(f *testing.F) {
	for _, file := range []string{"services.jsonl", "variations.jsonl", "plain.jsonl"} {
		for _, l := range load(f, filepath.Join("..", "testdata", file)) {
			f.Add(l.Intent)
		}
	}
	for _, s := range []string{
		"", " ", "(", ")", "((((", "a API: (", "Go API: x (y (z)", "é API für 'x", "API: \"", "go api: a:b:c:d", "- - -\n- -", "API\n- a\n  - b\n - c",
		"Go API: n between 9 and", "api with with with", "API: x (one of)", "api: d default", "\u2265\u2264\u2192 api", "Go API: a-b_c (1-2)", "api no two", "API: x's 's s'",
		"Go API for x: y in (a, b", "api: price > 99999999999999999999999999999999999999", "Go API: t max 1.5 characters", "go api: a/b/c/d/ or or", "API: \U0001F600 title",
	} {
		f.Add(s)
	}
	g := New()
	f.Fuzz(func(t *testing.T, words string) {
		start := time.Now()
		r, err := g.Interpret(context.Background(), words, interpreter.Options{})
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %s for %d bytes", took, len(words))
		}
		if err != nil {
			if qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
				t.Errorf("not a refusal with a remedy: %v", err)
			}
			return
		}
		sound(t, words, r)
	})
}

// TestHostileWords holds the time to a bound that a quadratic reading would break: the processor time of this thread, so that
// other work on the machine does not count.
func TestHostileWords(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	g := New()
	const size = 64 << 10 // more than CheckWords lets through
	for _, unit := range []string{
		",", "(", ")", "()", "(,", "- ", "\n- a", "a,", "a ", "a and ", "the ", "Go API ", "books with ", "title (", "x:", "x:y ", "a/b", "or ", "one of ", "1-", "'", "\"", ".",
		"many ", "has many ", "each a has many b and ", "deleting ", "when a is deleted its ", "search by ", "search by a, ", "filter by a and ", "must be ", "default ", "between 1 and ",
		"no two ", "is ", "not ", "which ", "a belongs to b and ", "belongs to a, ", "-> ", "api for ", "add ", "in go, ", "a (b, c) ", "a_b", "aB", "a's ", "\u00e9", "with a, b, ", "can be ",
		"title, ", "title string, ", "a (b), ", "read only for a, ", "only ", "status one of a, b, ", "a is b or ",
	} {
		words := "Go API: " + strings.Repeat(unit, size/len(unit))
		start := threadTime(t)
		r := g.interpret(words, interpreter.Options{})
		if took := threadTime(t) - start; took > 10*time.Second {
			t.Errorf("%q repeated took %s", unit, took)
		} else if took > 4*time.Second {
			t.Logf("%q repeated took %s", unit, took)
		}
		sound(t, words, r)
	}
}

func threadTime(t *testing.T) time.Duration {
	t.Helper()
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_THREAD, &used); err != nil {
		t.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func TestBadInput(t *testing.T) {
	t.Parallel()
	g := New()
	for name, words := range map[string]string{
		"empty": "", "blank": " \n\t ", "not UTF-8": "a Go API \xff", "NUL": "a Go API\x00", "control characters": "a Go API\x1b[31m", "too long": strings.Repeat("a ", qlp.MaxIntent),
	} {
		_, err := g.Interpret(context.Background(), words, interpreter.Options{})
		if qlp.CodeOf(err) != qlp.Invalid || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := g.Interpret(ctx, "a Go API for books with title", interpreter.Options{}); err == nil {
		t.Error("a cancelled context is not noticed")
	}
}

func BenchmarkInterpret(b *testing.B) {
	g := New()
	const words = "a REST API in Go for a library: books with title, author, unique isbn and published year; members with name and unique email; loans link a book and a member and have a due date"
	b.SetBytes(int64(len(words)))
	for b.Loop() {
		if r := g.interpret(words, interpreter.Options{}); r.Outcome != interpreter.Understood {
			b.Fatal(r.Reason)
		}
	}
}
