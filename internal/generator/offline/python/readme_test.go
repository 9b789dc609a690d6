package python

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// TestReadmeLinesWorkAsWritten runs the README's own lines: the block that starts the service, then the block of calls.
// Only the port is another one.
func TestReadmeLinesWorkAsWritten(t *testing.T) {
	t.Parallel()
	for _, tool := range []string{"python3", "curl", "sh"} {
		need(t, tool)
	}
	for name, spec := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := write(t, spec)
			readme, err := os.ReadFile(filepath.Join(dir, "README.md"))
			if err != nil {
				t.Fatal(err)
			}
			blocks := shellBlock.FindAllStringSubmatch(string(readme), -1)
			if len(blocks) < 2 {
				t.Fatalf("the README has %d blocks of commands", len(blocks))
			}
			key := strings.TrimSuffix(blocks[0][1], "python3 -m service\n")
			addr := start(t, dir, key+"exec python3 -m service\n")
			calls := strings.ReplaceAll(blocks[1][1], "127.0.0.1:8080", addr)
			status := "curl() { command curl -o /dev/null -w '%{http_code} %{method}\\n' \"$@\"; }\n"
			out := run(t, dir, "sh", "-e", "-c", status+key+calls)
			lines := strings.Split(strings.TrimSpace(out), "\n")
			if want := strings.Count(calls, "curl "); len(lines) != want {
				t.Errorf("%d of %d calls were made:\n%s", len(lines), want, out)
			}
			for _, line := range lines {
				if !strings.HasPrefix(line, "2") {
					t.Errorf("a call was refused: %s\n%s", out, calls)
				}
			}
		})
	}
}

// start runs a shell line that starts the service, and returns where it listens.
func start(t *testing.T, dir, line string) string {
	t.Helper()
	cmd := exec.Command("sh", "-e", "-c", line)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PORT=0", "DATA_DIR="+t.TempDir(), "PYTHONDONTWRITEBYTECODE=1")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	drained := make(chan struct{})
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		defer timer.Stop()
		<-drained
		if err := cmd.Wait(); err != nil {
			t.Errorf("stop the service: %v", err)
		}
	})
	if !lines.Scan() {
		close(drained)
		t.Fatal("the service says nothing")
	}
	first := slices.Clone(lines.Bytes())
	go func() { // a pipe that nobody reads would stop the service once it is full
		defer close(drained)
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"ERROR"`) {
				t.Errorf("the service says: %s", lines.Text())
			}
		}
	}()
	var said struct{ Msg, Addr string }
	if err := json.Unmarshal(first, &said); err != nil || said.Msg != "listening" {
		t.Fatalf("the service does not listen: %s", first)
	}
	return said.Addr
}
