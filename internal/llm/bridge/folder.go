package bridge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

const (
	promptFile  = ".prompt.md"
	requestFile = ".request.json"
)

// answerFiles are the names under which an answer is looked for.
func answerFiles() []string { return []string{".answer.md", ".answer.json"} }

// folder keeps prompts and answers.
type folder struct {
	dir  string
	look time.Duration // how often an answer is looked for
	mu   sync.Mutex    // numbers are given to one request at a time
}

// ask writes the request down, unless it is there already, and returns what the files are called without their endings.
func (f *folder) ask(r request) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	digest := r.digest().Hex()[:12]
	names, err := f.names()
	if err != nil {
		return "", err
	}
	last := 0
	for _, name := range names {
		stem := strings.TrimSuffix(name, promptFile)
		if strings.HasSuffix(stem, "-"+digest) {
			return stem, nil
		}
		number, _, _ := strings.Cut(stem, "-")
		if n, err := strconv.Atoi(number); err == nil {
			last = max(last, n)
		}
	}
	stem := fmt.Sprintf("%04d-%s-%s", last+1, r.role(), digest)
	whole, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write request: %w", err)
	}
	if err := f.write(stem+requestFile, append(whole, '\n')); err != nil {
		return "", err
	}
	return stem, f.write(stem+promptFile, prompt(stem, r)) // the last, because others wait for it
}

func (f *folder) names() ([]string, error) {
	entries, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fmt.Errorf("read folder of prompts: %w", err)
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), promptFile) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// write puts a file in place whole.
func (f *folder) write(name string, b []byte) error {
	tmp, err := os.CreateTemp(f.dir, ".tmp-*")
	if err != nil {
		return fmt.Errorf("write prompt: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(b)
	if err := errors.Join(err, tmp.Close()); err != nil {
		return fmt.Errorf("write prompt: %w", err)
	}
	return os.Rename(tmp.Name(), filepath.Join(f.dir, name))
}

// wait returns the answer as soon as its file is there and has stopped changing.
func (f *folder) wait(ctx context.Context, stem string) (string, error) {
	tick := time.NewTicker(f.look)
	defer tick.Stop()
	var last []byte
	for {
		b, err := f.answer(stem)
		if err != nil {
			return "", err
		}
		if len(b) > 0 && bytes.Equal(b, last) {
			return strings.TrimSuffix(string(b), "\n"), nil
		}
		last = b
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
	}
}

func (f *folder) answer(stem string) ([]byte, error) {
	for _, ending := range answerFiles() {
		b, err := os.ReadFile(filepath.Join(f.dir, stem+ending)) //nolint:gosec // of our folder, under a name that we made
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return nil, nil
}

// prompt lays a request out for a reader.
func prompt(stem string, r request) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<!-- Write the answer to %s%s, or to %s%s. -->\n", stem, answerFiles()[0], stem, answerFiles()[1])
	fmt.Fprintf(&b, "<!-- model %s, request %s, at most %d tokens -->\n", r.Model, r.digest(), max(r.MaxTokens, r.MaxCompletion))
	for _, m := range r.Messages {
		fmt.Fprintf(&b, "\n# %s\n\n%s\n", m.Role, m.Content)
	}
	if r.schemaName() != "" {
		var pretty bytes.Buffer
		if json.Indent(&pretty, r.ResponseFormat.Schema.Schema, "", "  ") != nil {
			pretty.Write(r.ResponseFormat.Schema.Schema)
		}
		fmt.Fprintf(&b, "\n# the answer is JSON of this schema: %s\n\n```json\n%s\n```\n", r.schemaName(), pretty.Bytes())
	}
	return b.Bytes()
}

// open makes the folder.
func open(dir string, look time.Duration) (*folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "make folder of prompts: %w", err).WithRemedy("name another with --dir")
	}
	return &folder{dir: dir, look: look}, nil
}
