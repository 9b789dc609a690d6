// Package server starts the server that a benchmark measures, as a process of its own: the binary, an empty data folder, the
// API over HTTP.
//
// It measures nothing but what the system counts of the process.
//
// Arrows: client.
package server

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/internal/client"
)

// Server is a running qlp serve, and a client that is let in.
type Server struct {
	cmd *exec.Cmd
	*client.Client
}

// Start starts the binary on a data folder and returns when it answers, within 20 s. Each of env is NAME=value.
func Start(binary, data string, env ...string) (*Server, error) {
	cmd := exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--data", data)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(2 * time.Millisecond) {
		b, err := os.ReadFile(filepath.Join(data, "server.json"))
		token, terr := os.ReadFile(filepath.Join(data, "token"))
		var at struct{ URL string }
		if err == nil && terr == nil && json.Unmarshal(b, &at) == nil {
			c := client.New(at.URL, strings.TrimSpace(string(token)), nil)
			if c.Healthy(context.Background()) == nil {
				return &Server{cmd, c}, nil
			}
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return nil, fmt.Errorf("the server does not answer")
}

// Stop asks the process to end, and waits for it.
func (s *Server) Stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	_ = s.cmd.Wait()
}

// CPU is the processor time that the process has used.
func (s *Server) CPU() time.Duration {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	fields := strings.Fields(rest)
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond // clock ticks of 1/100 s
}

// RSS is the memory of the process that is in use, in bytes.
func (s *Server) RSS() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", s.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// PID is the number of the process.
func (s *Server) PID() int { return s.cmd.Process.Pid }
