package accepttool

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// player plays cases, one after the other: what a call leaves behind is found among this process's children.
type player struct {
	entry []string
	limit time.Duration
	until time.Time
}

// place is a case's own folders.
type place struct {
	base string
	work *os.Root
}

func newPlace() (*place, error) {
	base, err := os.MkdirTemp("", "accept-")
	if err != nil {
		return nil, fmt.Errorf("make the case's folder: %w", err)
	}
	p := &place{base: base}
	for _, name := range []string{"work", "home", "tmp"} {
		if err := os.Mkdir(filepath.Join(base, name), 0o755); err != nil { //nolint:gosec // the sandbox has one user
			return nil, errors.Join(fmt.Errorf("make the case's folder: %w", err), os.RemoveAll(base))
		}
	}
	if p.work, err = os.OpenRoot(filepath.Join(base, "work")); err != nil {
		return nil, errors.Join(fmt.Errorf("open the case's folder: %w", err), os.RemoveAll(base))
	}
	return p, nil
}

// close takes the folders away. A program may have made some that cannot be removed; the sandbox ends soon.
func (p *place) close() {
	_ = p.work.Close()
	_ = os.RemoveAll(p.base)
}

func (p *place) environment() []string {
	env := slices.DeleteFunc(os.Environ(), func(kv string) bool {
		name, _, _ := strings.Cut(kv, "=")
		return slices.Contains([]string{"HOME", "TMPDIR", "PWD", "TZ", "LANG", "LC_ALL"}, name)
	})
	return append(env, "HOME="+filepath.Join(p.base, "home"), "TMPDIR="+filepath.Join(p.base, "tmp"),
		"PWD="+filepath.Join(p.base, "work"), "TZ=UTC", "LANG=C.UTF-8")
}

// play returns how the case differs from what is expected; nothing means that it is as expected. The first call that
// differs ends the case.
func (p *player) play(c qlp.Acceptance) []string {
	at, err := newPlace()
	if err != nil {
		return []string{err.Error()}
	}
	defer at.close()
	for i, call := range c.Calls {
		left := time.Until(p.until)
		if left <= 0 {
			return []string{"it was not played: the cases took too long in all"}
		}
		if differences := p.call(at, call, min(p.limit, left)); len(differences) > 0 {
			head := fmt.Sprintf("call %d of %d, with arguments %s", i+1, len(c.Calls), quoteList(call.Args))
			differences[0] = head + ": " + differences[0]
			return differences
		}
	}
	return nil
}

func (p *player) call(at *place, call qlp.ProgramCall, limit time.Duration) []string {
	if err := at.put(call.Files); err != nil {
		return []string{err.Error()}
	}
	o, err := start(process{
		argv: slices.Concat(p.entry, call.Args), dir: filepath.Join(at.base, "work"), env: at.environment(), stdin: call.Stdin, limit: limit,
	})
	if err != nil {
		return []string{err.Error()}
	}
	differences := compare(call.Expect, o, at)
	if text := strings.TrimSpace(string(o.stderr)); len(differences) > 0 && text != "" {
		differences = append(differences, "it wrote to stderr: "+quoteEnd(text))
	}
	return differences
}

// put writes the files that a call finds. Non-blocking, because an earlier call may have left a pipe of that name.
func (p *place) put(files map[string]string) error {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if dir := path.Dir(name); dir != "." {
			if err := p.work.MkdirAll(dir, 0o755); err != nil {
				return fmt.Errorf("make the folder of %s: %w", name, err)
			}
		}
		f, err := p.work.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|syscall.O_NONBLOCK, 0o644)
		if err != nil {
			return fmt.Errorf("write the file %s: %w", name, err)
		}
		_, err = f.WriteString(files[name])
		if err = errors.Join(err, f.Close()); err != nil {
			return fmt.Errorf("write the file %s: %w", name, err)
		}
	}
	return nil
}

// get reads a file after a call. Only a plain file within the case's folder is one.
func (p *place) get(name string) (string, error) {
	f, err := p.work.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return "", errors.New("it is not there")
	}
	if err != nil {
		return "", fmt.Errorf("it cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	switch {
	case err != nil:
		return "", fmt.Errorf("it cannot be read: %w", err)
	case !info.Mode().IsRegular():
		return "", errors.New("it is no plain file")
	case info.Size() > maxOutput:
		return "", fmt.Errorf("it has %d bytes, more than %d", info.Size(), maxOutput)
	}
	content := make([]byte, info.Size())
	n, err := f.ReadAt(content, 0)
	if n < len(content) {
		return "", fmt.Errorf("it cannot be read: %w", err)
	}
	return string(content), nil
}
