package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

const (
	libraryGo = "a REST API in Go for a library: books with title, author, unique isbn and published year; members with name and unique email; " +
		"loans link a book and a member and have a due date"
	clinicPython = "a REST API in Python for a clinic: patients with name, email unique, date of birth; visits belong to a patient and have notes and a fee decimal at least 0"
)

// finished is the last line of qlp run --json.
type finished struct {
	Type    string `json:"type"`
	Intent  string `json:"intent"`
	Verdict string `json:"verdict"`
	Capsule struct {
		Path   string `json:"path"`
		SHA256 string `json:"sha256"`
	} `json:"capsule"`
	Checks    []qlp.Check `json:"checks"`
	ElapsedMS int64       `json:"elapsed_ms"`
}

// outcome is one command line and what came of it.
type outcome struct {
	code           int
	stdout, stderr string
	lines          []string
	end            finished
}

// command prepares qlp with a data folder of its own.
func command(t *testing.T, data string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(within(t, 4*time.Minute), binary, args...)
	cmd.Env = append(os.Environ(), "QLP_DATA="+data)
	return cmd
}

// qlpRun runs qlp to its end.
func qlpRun(t *testing.T, data string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := command(t, data, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	return ended(t, cmd.Run(), &stdout, &stderr)
}

func ended(t *testing.T, err error, stdout, stderr *bytes.Buffer) outcome {
	t.Helper()
	o := outcome{stdout: stdout.String(), stderr: stderr.String()}
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		o.code = exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	for s := bufio.NewScanner(bytes.NewReader(stdout.Bytes())); s.Scan(); {
		o.lines = append(o.lines, s.Text())
	}
	if n := len(o.lines); n > 0 {
		_ = json.Unmarshal([]byte(o.lines[n-1]), &o.end) // not every command prints JSON
	}
	return o
}

func TestRunToVerifiedCapsule(t *testing.T) {
	t.Parallel()
	for name, intent := range map[string]string{"go": libraryGo, "python": clinicPython} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			data, out := t.TempDir(), t.TempDir()
			o := qlpRun(t, data, "run", "--json", "--out", out, intent)
			if o.code != 0 || o.end.Type != "run.finished" || o.end.Verdict != "verified" {
				t.Fatalf("exit code %d\n%s\n%s", o.code, o.stdout, o.stderr)
			}
			for i, l := range o.lines {
				var e map[string]any
				if json.Unmarshal([]byte(l), &e) != nil || e["type"] == nil {
					t.Errorf("line %d is not an event: %s", i, l)
				}
			}
			b, err := os.ReadFile(o.end.Capsule.Path)
			if err != nil || qlp.DigestOf(b).Hex() != o.end.Capsule.SHA256 {
				t.Fatalf("capsule: %v, digest %s", err, qlp.DigestOf(b))
			}
			requirePassed(t, o.end.Checks)
			checkCapsule(t, data, o.end.Capsule.Path, b)
		})
	}
}

// requirePassed holds that every layer asked something required, and that all of it passed.
func requirePassed(t *testing.T, checks []qlp.Check) {
	t.Helper()
	layers := map[qlp.Layer]bool{}
	for _, c := range checks {
		if c.Required {
			layers[c.Layer] = true
			if c.Status() != qlp.Passed {
				t.Errorf("%s is required and %s: %s", c.Key(), c.Status(), c.Reason)
			}
		}
	}
	for _, l := range []qlp.Layer{qlp.LayerSyntax, qlp.LayerBuild, qlp.LayerTest, qlp.LayerStart, qlp.LayerSecurity, qlp.LayerPolicy} {
		if !layers[l] {
			t.Errorf("nothing of layer %s was required", l)
		}
	}
}

// checkCapsule plays what the receiver of a capsule does.
func checkCapsule(t *testing.T, data, path string, b []byte) {
	t.Helper()
	if o := qlpRun(t, data, "capsule", "verify", path, "--rerun"); o.code != 0 {
		t.Fatalf("verify --rerun: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	stranger := t.TempDir()
	if o := qlpRun(t, stranger, "capsule", "verify", path, "--json"); o.code != 0 || !strings.Contains(o.stdout, `"trusted":false`) {
		t.Errorf("verify as a stranger: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	pem := filepath.Join(t.TempDir(), "key.pub")
	if err := os.WriteFile(pem, []byte(qlpRun(t, data, "keys", "show", "--pem").stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := qlpRun(t, stranger, "capsule", "verify", path, "--key", pem); o.code != 0 {
		t.Errorf("verify with the right key: exit code %d\n%s", o.code, o.stdout)
	}
	wrong := filepath.Join(t.TempDir(), "wrong.pub")
	if err := os.WriteFile(wrong, []byte(qlpRun(t, stranger, "keys", "show", "--pem").stdout), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := qlpRun(t, stranger, "capsule", "verify", path, "--key", wrong); o.code != 1 || !strings.Contains(o.stdout, "not by the given key") {
		t.Errorf("verify with a wrong key: exit code %d\n%s", o.code, o.stdout)
	}
	changed := filepath.Join(t.TempDir(), "changed.qlcapsule")
	if err := os.WriteFile(changed, bytes.Replace(b, []byte("limit"), []byte("timil"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := qlpRun(t, stranger, "capsule", "verify", changed); o.code != 1 {
		t.Errorf("verify of a changed capsule: exit code %d\n%s", o.code, o.stdout)
	}
	if o := qlpRun(t, stranger, "capsule", "verify", pem); o.code != 3 {
		t.Errorf("verify of another file: exit code %d\n%s", o.code, o.stdout)
	}
	if o := qlpRun(t, data, "capsule", "inspect", path); o.code != 0 || !strings.Contains(o.stdout, "acceptance") {
		t.Errorf("inspect: exit code %d\n%s", o.code, o.stdout)
	}
	to := filepath.Join(t.TempDir(), "project")
	if o := qlpRun(t, data, "capsule", "unpack", path, "--to", to); o.code != 0 {
		t.Errorf("unpack: exit code %d\n%s%s", o.code, o.stdout, o.stderr)
	}
	if _, err := os.Stat(filepath.Join(to, "README.md")); err != nil {
		t.Error(err)
	}
}

func TestQuestionsAndRefusalsEndWithThree(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	for _, words := range []string{"build me an API for my shop", "train a neural network that recognises cats", "node api: products (name, sku unique)"} {
		o := qlpRun(t, data, "run", "--json", "--out", t.TempDir(), words)
		if o.code != 3 || o.end.Type != "run.finished" || o.end.Verdict != "needs_input" {
			t.Errorf("%q: exit code %d, last line %+v\n%s", words, o.code, o.end, o.stderr)
		}
	}
}

func TestInterruptCancelsWithinTwoSeconds(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	var stdout, stderr bytes.Buffer
	cmd := command(t, data, "run", "--json", "--out", t.TempDir(), libraryGo)
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var interrupted time.Time
	for s := bufio.NewScanner(pipe); s.Scan(); {
		stdout.WriteString(s.Text() + "\n")
		if interrupted.IsZero() && strings.Contains(s.Text(), `"verifying"`) {
			interrupted = time.Now()
			if err := cmd.Process.Signal(syscall.SIGINT); err != nil {
				t.Fatal(err)
			}
		}
	}
	o := ended(t, cmd.Wait(), &stdout, &stderr)
	if took := time.Since(interrupted); o.code != 5 || took > 3*time.Second {
		t.Errorf("exit code %d after %v\n%s\n%s", o.code, took, o.stdout, o.stderr)
	}
	if o.end.Verdict != "canceled" {
		t.Errorf("last line: %+v", o.end)
	}
	if again := qlpRun(t, data, "intents", "retry", o.end.Intent); again.code != 0 {
		t.Fatalf("retry: exit code %d\n%s%s", again.code, again.stdout, again.stderr)
	}
	watched := qlpRun(t, data, "intents", "watch", "--json", o.end.Intent)
	if got := strings.Count(watched.stdout, `"type":"run.finished"`); got != 2 || !strings.Contains(watched.stdout, `"to":"verified"`) {
		t.Errorf("watch saw the end of %d runs, there were 2\n%s", got, watched.stdout)
	}
}

func TestApprovalStopsBeforeTheFirstTask(t *testing.T) {
	t.Parallel()
	data := t.TempDir()
	o := qlpRun(t, data, "run", "--json", "--approve", "plan", "--out", t.TempDir(), clinicPython)
	if o.code != 0 || o.end.Verdict != "awaiting_approval" {
		t.Fatalf("exit code %d, last line %+v\n%s", o.code, o.end, o.stderr)
	}
	approved := qlpRun(t, data, "intents", "approve", o.end.Intent)
	if approved.code != 0 {
		t.Fatalf("approve: exit code %d\n%s%s", approved.code, approved.stdout, approved.stderr)
	}
	shown := qlpRun(t, data, "intents", "show", "--json", o.end.Intent)
	if !strings.Contains(shown.stdout, `"state":"verified"`) {
		t.Errorf("after approval: %s", shown.stdout)
	}
	if again := qlpRun(t, data, "intents", "approve", o.end.Intent); again.code == 0 {
		t.Error("approved twice")
	}
}

func TestSpecFileWithoutWords(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "spec.yaml")
	spec := "title: Notes\nkind: service\nstack: python\nentities:\n  - name: note\n    fields:\n      - {name: text, type: text}\n      - {name: rank, type: int, min: 1, optional: true}\n"
	if err := os.WriteFile(file, []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	if o := qlpRun(t, t.TempDir(), "run", "--json", "--spec", file, "--out", t.TempDir()); o.code != 0 || o.end.Verdict != "verified" {
		t.Errorf("exit code %d\n%s\n%s", o.code, o.stdout, o.stderr)
	}
}
