package golang_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang"
	"github.com/quantumlayer/qlp/internal/qlp"
)

const testKey = "the key of these tests"

// write puts the project of a Spec into a new folder.
func write(t testing.TB, spec qlp.Spec) string {
	t.Helper()
	files, err := golang.Project(spec)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	writeFiles(t, dir, files)
	return dir
}

func writeFiles(t testing.TB, dir string, files []qlp.File) {
	t.Helper()
	for _, f := range files {
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// tool runs a command of the Go toolchain in a project, as the stack does it, and returns what it prints.
func tool(t testing.TB, dir string, argv ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-trimpath -buildvcs=false", "GOPROXY=off", "GOTOOLCHAIN=local", "GOWORK=off")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(argv, " "), err, out)
	}
	return string(out)
}

// build returns the binary of the project in dir.
func build(t testing.TB, dir string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "service")
	tool(t, dir, "go", "build", "-o", binary, ".")
	return binary
}

// service is a running binary.
type service struct {
	cmd  *exec.Cmd
	addr string
	once sync.Once
	done chan struct{} // closed when its log has ended
	log  *bytes.Buffer // to be read after done
}

// start runs a binary on a free port and returns when it listens. It is stopped at the end of the test.
func start(t testing.TB, binary, data string, env ...string) *service {
	t.Helper()
	s := &service{cmd: exec.CommandContext(context.WithoutCancel(t.Context()), binary), done: make(chan struct{}), log: &bytes.Buffer{}}
	s.cmd.Env = append([]string{"PORT=0", "DATA_DIR=" + data, "API_KEY=" + testKey}, env...)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(stderr)
	first, err := lines.ReadBytes('\n')
	var line struct{ Msg, Addr string }
	if err = errors.Join(err, json.Unmarshal(first, &line)); err != nil || line.Msg != "listening" {
		t.Fatalf("the first line of the log is %s: %v, %v", first, err, s.cmd.Wait())
	}
	s.addr = line.Addr
	go func() {
		defer close(s.done)
		_, _ = io.Copy(s.log, lines)
	}()
	t.Cleanup(func() {
		if code := s.stop(t, syscall.SIGTERM); code != 0 && code != -1 {
			t.Errorf("exit code %d", code)
		}
	})
	return s
}

// stop sends a signal and returns the exit code: -1 when the signal was the end. Only the first call does anything.
func (s *service) stop(t testing.TB, sig syscall.Signal) (code int) {
	t.Helper()
	s.once.Do(func() {
		if err := s.cmd.Process.Signal(sig); err != nil {
			t.Error(err)
		}
		<-s.done
		var exit *exec.ExitError
		if err := s.cmd.Wait(); err != nil && !errors.As(err, &exit) {
			t.Error(err)
		}
		code = s.cmd.ProcessState.ExitCode()
	})
	return code
}

// ask sends one request and returns the answer with its body; status 0 means that there was none.
func (s *service) ask(t *testing.T, method, path, body string) (status int, content string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://"+s.addr+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-API-Key", testKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	b, err := io.ReadAll(res.Body)
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}
