package acceptance

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

const apiKey = "acceptance-acceptance"

// patience bounds the start and the end of a service.
const patience = 20 * time.Second

// Service is a running process of the service.
type Service struct {
	Base      string // http://127.0.0.1:41234
	client    *http.Client
	protected bool
	cmd       *exec.Cmd
	ended     chan error // what Wait returned
	mu        sync.Mutex
	log       []string // its last lines
}

// binary builds the service once, unless SERVICE_BINARY names one that is built.
var binary = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("SERVICE_BINARY"); path != "" {
		return path, nil
	}
	dir, err := os.MkdirTemp("", "service-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "service")
	if out, err := exec.Command("go", "build", "-o", path, "..").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the service: %w\n%s", err, out)
	}
	return path, nil
})

// start runs the service over the rows in dataDir until the test ends, and expects it to end well then.
func start(t *testing.T, dataDir string) *Service {
	t.Helper()
	s := launch(t, dataDir)
	t.Cleanup(func() { s.stop(t) })
	return s
}

func launch(t *testing.T, dataDir string) *Service {
	t.Helper()
	path, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	s := &Service{
		client:    &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: 32}},
		protected: suite(t).Protected, cmd: exec.Command(path), ended: make(chan error, 1),
	}
	s.cmd.Dir = t.TempDir()
	s.cmd.Env = environment("HOST=127.0.0.1", "PORT=0", "DATA_DIR="+dataDir, "LOG_LEVEL=info", "API_KEY="+apiKey)
	stderr, err := s.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(stderr)
		for lines.Scan() {
			s.note(lines.Text(), address)
		}
		s.ended <- s.cmd.Wait()
	}()
	select {
	case a := <-address:
		s.Base = "http://" + a
	case err := <-s.ended:
		t.Fatalf("the service ended before it listened: %v\n%s", err, s.tail())
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		t.Fatalf("the service did not listen in time\n%s", s.tail())
	}
	return s
}

func environment(own ...string) []string {
	given := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return slices.Contains([]string{"HOST", "PORT", "DATA_DIR", "LOG_LEVEL", "API_KEY"}, name)
	})
	return append(given, own...)
}

// note keeps a line of the log, and finds the address in the one that says listening.
func (s *Service) note(line string, address chan<- string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.log) == 20 {
		s.log = s.log[1:]
	}
	s.log = append(s.log, line)
	var entry struct{ Msg, Addr string }
	if json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" {
		select {
		case address <- entry.Addr:
		default: // it was found before
		}
	}
}

func (s *Service) tail() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.log, "\n")
}

// stop asks the service to end, which it must do in time and with exit code 0.
func (s *Service) stop(t *testing.T) {
	s.client.CloseIdleConnections()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("stop the service: %v\n%s", err, s.tail())
	}
	select {
	case err := <-s.ended:
		if err != nil {
			t.Errorf("the service ended with %v after SIGTERM, expected exit code 0\n%s", err, s.tail())
		}
	case <-time.After(patience):
		_ = s.cmd.Process.Kill()
		t.Errorf("the service did not end after SIGTERM\n%s", s.tail())
	}
}

// kill ends the service as a power cut would.
func (s *Service) kill(t *testing.T) {
	t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-s.ended
}

func (s *Service) vars() map[string]string { return map[string]string{"api_key": apiKey} }
