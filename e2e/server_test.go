package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/client"
)

// server is a qlp serve process on a port of its own.
type server struct {
	cmd    *exec.Cmd
	data   string
	stderr *bytes.Buffer
	*client.Client
}

// announcement is what the server leaves in its data folder.
type announcement struct {
	URL string `json:"url"`
	PID int    `json:"pid"`
}

// startServer starts qlp serve and returns when it answers.
func startServer(t *testing.T, data string, env ...string) *server {
	t.Helper()
	s := &server{data: data, stderr: &bytes.Buffer{}}
	s.cmd = exec.Command(binary, "serve", "--listen", "127.0.0.1:0")
	s.cmd.Env = append(append(os.Environ(), "QLP_DATA="+data), env...)
	s.cmd.Stderr = s.stderr
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.kill() })
	deadline := time.Now().Add(30 * time.Second)
	for !s.find(t.Context()) {
		if time.Now().After(deadline) || s.cmd.ProcessState != nil {
			t.Fatalf("the server does not answer\n%s", s.stderr)
		}
		<-time.After(5 * time.Millisecond) // a process outside: there is nothing else to wait for
	}
	return s
}

// find reads where this very process listens, and whether it answers there.
func (s *server) find(ctx context.Context) bool {
	b, err := os.ReadFile(filepath.Join(s.data, "server.json"))
	if err != nil {
		return false
	}
	var a announcement
	if json.Unmarshal(b, &a) != nil || a.PID != s.cmd.Process.Pid {
		return false
	}
	token, err := os.ReadFile(filepath.Join(s.data, "token"))
	if err != nil {
		return false
	}
	s.Client = client.New(a.URL, strings.TrimSpace(string(token)), nil)
	return s.Healthy(ctx) == nil
}

// kill ends the process at once, as a power cut of its own would.
func (s *server) kill() {
	if s.cmd.ProcessState == nil {
		_ = s.cmd.Process.Kill()
		_ = s.cmd.Wait()
	}
}

// stop asks the process to end, and returns its exit code.
func (s *server) stop(t *testing.T) int {
	t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = s.cmd.Wait()
	return s.cmd.ProcessState.ExitCode()
}
