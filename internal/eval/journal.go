package eval

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Header says what a folder holds the run of. It is written first and never changed.
type Header struct {
	Suite    string     `json:"suite"`
	Source   string     `json:"source"`         // what was asked for: a name, a file or a folder
	Data     string     `json:"data,omitempty"` // the file of a suite that is one
	Digest   qlp.Digest `json:"digest"`
	Problems []string   `json:"problems"` // ids, in order
	Solver   string     `json:"solver"`
	Provider string     `json:"provider,omitempty"`
	Samples  int        `json:"samples"`
	K        []int      `json:"k"`
	Seed     int64      `json:"seed"`
}

// Sample is one finished answer.
type Sample struct {
	Problem  string      `json:"problem"`
	Sample   int         `json:"sample"`
	Language string      `json:"language"`
	Status   Status      `json:"status"`
	Reason   string      `json:"reason,omitempty"`
	Note     string      `json:"note,omitempty"`
	Verdict  qlp.Verdict `json:"verdict,omitempty"`
	Spent    Spent       `json:"spent"`
	JudgeMS  int64       `json:"judge_ms"`
	Evidence string      `json:"evidence"` // folder, within the run's
}

const (
	headerFile  = "run.json"
	journalFile = "samples.jsonl"
)

// Journal is the folder of a run: a header, a line for each finished sample, and a folder with its evidence. A line is on the disk
// before Add returns; what a kill leaves half written is cut off at the next opening. Its methods are safe for concurrent use.
type Journal struct {
	Header Header
	dir    string

	mu   sync.Mutex
	file *os.File
	done map[string]Sample
}

// CreateJournal makes the folder dir, which must be empty or not there yet.
func CreateJournal(dir string, h Header) (*Journal, error) {
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return nil, qlp.Errorf(qlp.Invalid, "the folder %s is not empty", dir).WithRemedy("name another with --out, or go on with a run by --resume %s", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // G301: reports are for whoever may see the folder above
		return nil, qlp.Errorf(qlp.Invalid, "make the run's folder: %w", err).WithRemedy("name a folder that can be written with --out")
	}
	b, err := json.MarshalIndent(h, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the run's header: %w", err)
	}
	if err := writeDurably(filepath.Join(dir, headerFile), append(b, '\n')); err != nil {
		return nil, err
	}
	return OpenJournal(dir)
}

// OpenJournal opens a run that was begun before.
func OpenJournal(dir string) (*Journal, error) {
	b, err := os.ReadFile(filepath.Join(dir, headerFile)) //nolint:gosec // the folder that the person named
	if errors.Is(err, fs.ErrNotExist) {
		return nil, qlp.Errorf(qlp.Invalid, "%s is no folder of a run: it has no %s", dir, headerFile).WithRemedy("name the folder that the run was begun in")
	}
	j := &Journal{dir: dir, done: map[string]Sample{}}
	if err != nil {
		return nil, fmt.Errorf("read the run's header: %w", err)
	}
	if err := json.Unmarshal(b, &j.Header); err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "read %s: %w", filepath.Join(dir, headerFile), err)
	}
	if j.file, err = os.OpenFile(filepath.Join(dir, journalFile), os.O_RDWR|os.O_CREATE, 0o644); err != nil { //nolint:gosec // as above
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	if err := j.load(); err != nil {
		return nil, errors.Join(err, j.file.Close())
	}
	return j, nil
}

// load reads the finished samples, and cuts off a last line that is not whole.
func (j *Journal) load() error {
	b, err := os.ReadFile(j.file.Name())
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	whole := bytes.LastIndexByte(b, '\n') + 1
	if err := j.file.Truncate(int64(whole)); err != nil {
		return fmt.Errorf("cut off what was half written: %w", err)
	}
	if _, err := j.file.Seek(int64(whole), 0); err != nil {
		return fmt.Errorf("open the journal: %w", err)
	}
	for i, text := range bytes.Split(b[:whole], []byte("\n")) {
		if len(text) == 0 {
			continue
		}
		var s Sample
		if err := json.Unmarshal(text, &s); err != nil {
			return qlp.Errorf(qlp.Invalid, "line %d of %s is damaged: %w", i+1, j.file.Name(), err)
		}
		j.done[key(s.Problem, s.Sample)] = s
	}
	return nil
}

func key(problem string, sample int) string { return fmt.Sprintf("%s#%d", problem, sample) }

// Done returns the sample if it was judged.
func (j *Journal) Done(problem string, sample int) (Sample, bool) {
	j.mu.Lock()
	defer j.mu.Unlock()
	s, ok := j.done[key(problem, sample)]
	return s, ok && s.Status != Errored
}

// Samples returns what is there of the run, by problem in the order of the suite, then by number.
func (j *Journal) Samples() []Sample {
	j.mu.Lock()
	defer j.mu.Unlock()
	var out []Sample
	for _, id := range j.Header.Problems {
		for n := range j.Header.Samples {
			if s, ok := j.done[key(id, n)]; ok {
				out = append(out, s)
			}
		}
	}
	return out
}

// Add writes a finished sample with its evidence: the answer's files, the executions and their logs.
func (j *Journal) Add(s Sample, answer Solution, how Judgement) (Sample, error) {
	s.Evidence = filepath.ToSlash(filepath.Join("evidence", folderName(s.Problem), fmt.Sprint(s.Sample)))
	if err := j.keep(filepath.Join(j.dir, filepath.FromSlash(s.Evidence)), answer, how); err != nil {
		return s, err
	}
	b, err := json.Marshal(s)
	if err != nil {
		return s, fmt.Errorf("write the sample: %w", err)
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if _, err := j.file.Write(append(b, '\n')); err != nil {
		return s, fmt.Errorf("write the sample: %w", err)
	}
	if err := j.file.Sync(); err != nil {
		return s, fmt.Errorf("write the sample: %w", err)
	}
	j.done[key(s.Problem, s.Sample)] = s
	return s, nil
}

// folderName makes a problem's id the name of a folder.
func folderName(id string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '_'
	}, id)
}

func (j *Journal) keep(dir string, answer Solution, how Judgement) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // G301: see CreateJournal
		return fmt.Errorf("keep the evidence: %w", err)
	}
	b, err := json.MarshalIndent(how.Executions, "", "  ")
	if err != nil {
		return fmt.Errorf("keep the evidence: %w", err)
	}
	files := []qlp.File{{Path: "executions.json", Content: append(b, '\n')}}
	for _, l := range how.Logs {
		if len(l.Content) > 0 {
			files = append(files, qlp.File{Path: "logs/" + l.Digest.Hex() + ".txt", Content: l.Content})
		}
	}
	if answer.Source != "" {
		files = append(files, qlp.File{Path: "answer/answer.py", Content: []byte(answer.Source)})
	}
	for _, f := range answer.Files {
		files = append(files, qlp.File{Path: "answer/" + f.Path, Content: f.Content})
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return fmt.Errorf("keep the evidence: %w", err)
	}
	defer root.Close()
	for _, f := range files {
		if err := root.MkdirAll(filepath.Dir(filepath.FromSlash(f.Path)), 0o755); err != nil {
			return fmt.Errorf("keep %s: %w", f.Path, err)
		}
		if err := root.WriteFile(filepath.FromSlash(f.Path), f.Content, 0o644); err != nil {
			return fmt.Errorf("keep %s: %w", f.Path, err)
		}
	}
	return nil
}

// Write puts a report into the run's folder, whole or not at all.
func (j *Journal) Write(name string, content []byte) error {
	return writeDurably(filepath.Join(j.dir, name), content)
}

// Dir is the run's folder.
func (j *Journal) Dir() string { return j.dir }

// Close closes the folder.
func (j *Journal) Close() error { return j.file.Close() }

func writeDurably(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(f.Name()))
	}
	return nil
}
