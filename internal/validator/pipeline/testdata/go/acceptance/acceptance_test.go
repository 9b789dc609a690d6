package acceptance

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"testing"
)

func TestAcceptance(t *testing.T) {
	cmd := exec.Command(os.Getenv("SERVICE_BINARY"))
	cmd.Env = append(os.Environ(), "PORT=0", "DATA_DIR="+t.TempDir())
	logs, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cmd.Process.Kill(); err != nil {
			t.Error(err)
		}
	})
	line, err := bufio.NewReader(logs).ReadBytes('\n')
	if err != nil {
		t.Fatal(err)
	}
	var first struct{ Addr string }
	if err := json.Unmarshal(line, &first); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]int{"/healthz": 200, "/nowhere": 404} {
		t.Run(name[1:], func(t *testing.T) {
			res, err := http.Get("http://" + first.Addr + name)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			if res.StatusCode != want {
				t.Errorf("status %d, want %d", res.StatusCode, want)
			}
		})
	}
}
