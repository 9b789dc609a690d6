package golang_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/contract"
	"github.com/quantumlayer/qlp/internal/contract/contracttest"
	"github.com/quantumlayer/qlp/internal/contract/play"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/generator/acceptance"
	"github.com/quantumlayer/qlp/internal/generator/offline/golang"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// samples are the Specs that projects are really built of.
func samples() map[string]qlp.Spec {
	out := contracttest.Specs()
	out["hostile"] = hostile()
	memory := contracttest.Courses()
	memory.Storage = qlp.StorageMemory
	out["memory"] = memory
	return out
}

// TestServices builds the project of every sample, runs its own tests, the contract's cases and the README's commands.
func TestServices(t *testing.T) {
	t.Parallel()
	for name, spec := range samples() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if testing.Short() && name != "library" && name != "hostile" {
				t.Skip("a short run builds two of the samples")
			}
			dir := write(t, spec)
			writeAcceptance(t, dir, spec)
			if out := tool(t, dir, "gofmt", "-l", "."); out != "" {
				t.Errorf("not formatted: %s", out)
			}
			binary := build(t, dir)
			tool(t, dir, "go", "vet", "./...")
			tool(t, dir, "env", "SERVICE_BINARY="+binary, "go", "test", "-vet=off", "./...")
			t.Run("cases", func(t *testing.T) {
				t.Parallel()
				playCases(t, binary, spec, 7) // the acceptance tests have another seed
			})
			t.Run("readme", func(t *testing.T) {
				t.Parallel()
				playReadme(t, binary, dir)
			})
		})
	}
}

// writeAcceptance adds the tests that come from the Spec alone.
func writeAcceptance(t *testing.T, dir string, spec qlp.Spec) {
	t.Helper()
	files, err := acceptance.Files(generator.Request{Spec: spec, Plan: qlp.Plan{Stack: golang.Stack}})
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, dir, files)
}

// playCases sends the cases of a seed, each group of them to a service of its own.
func playCases(t *testing.T, binary string, spec qlp.Spec, seed int64) {
	t.Helper()
	players := map[string]*play.Player{}
	for _, c := range contract.Cases(&spec, seed) {
		p := players[c.Group]
		if p == nil {
			s := start(t, binary, t.TempDir())
			p = &play.Player{Client: http.DefaultClient, Base: "http://" + s.addr, Key: testKey}
			players[c.Group] = p
		}
		steps, err := p.Play(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if last := steps[len(steps)-1]; last.Failed() {
			t.Errorf("%d %s: %s", seed, c.ID, last)
		}
	}
}

var block = regexp.MustCompile("(?s)```sh\n(.*?)```")

// playReadme runs the commands under "Use it" as they stand, but for the port.
func playReadme(t *testing.T, binary, dir string) {
	t.Helper()
	for _, program := range []string{"sh", "curl"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("the README's commands need %s", program)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := block.FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 2 || !strings.Contains(blocks[1][1], "curl") {
		t.Fatal("the README has no commands")
	}
	s := start(t, binary, t.TempDir())
	for line := range strings.Lines(strings.ReplaceAll(blocks[1][1], "127.0.0.1:8080", s.addr)) {
		cmd := exec.CommandContext(t.Context(), "sh", "-ec", strings.TrimSpace(line)+` -w '\n%{http_code}'`)
		cmd.Env = append(os.Environ(), "API_KEY="+testKey)
		out, err := cmd.CombinedOutput()
		status := string(out[strings.LastIndexByte(string(out), '\n')+1:])
		if err != nil || !strings.HasPrefix(status, "2") {
			t.Errorf("%s: %v\n%s", line, err, out)
		}
	}
}

// TestNothingAnsweredIsLost kills a service that is being written to, again and again, and looks for what it had answered.
func TestNothingAnsweredIsLost(t *testing.T) {
	t.Parallel()
	binary := build(t, write(t, contracttest.Courses()))
	data := t.TempDir()
	answered := 0
	for round := range 3 {
		s := start(t, binary, data)
		if status, page := s.ask(t, "GET", "/students?page_size=1", ""); status != 200 || total(page) < answered {
			t.Fatalf("round %d: %d rows were answered, and there is %s", round, answered, page)
		}
		answered += writeUntilKilled(t, s, round)
	}
	if answered == 0 {
		t.Error("nothing was written")
	}
}

func total(page string) int {
	var n int
	if _, err := fmt.Sscanf(page[strings.LastIndex(page, `"total":`)+len(`"total":`):], "%d", &n); err != nil {
		return -1
	}
	return n
}

// writeUntilKilled returns how many rows were answered before the end.
func writeUntilKilled(t *testing.T, s *service, round int) int {
	t.Helper()
	const writers, killAfter = 8, 200
	made := make(chan int)
	for w := range writers {
		go func() {
			n := 0
			for ; ; n++ {
				body := fmt.Sprintf(`{"name":"n","email":"w%d.%d.%d@example.com"}`, round, w, n)
				if status, _ := s.ask(t, "POST", "/students", body); status != 201 {
					break
				}
				if w == 0 && n == killAfter/writers {
					s.stop(t, 9)
				}
			}
			made <- n
		}()
	}
	sum := 0
	for range writers {
		sum += <-made
	}
	return sum
}

// TestDataFolder starts a service on folders that it must not take.
func TestDataFolder(t *testing.T) {
	t.Parallel()
	binary := build(t, write(t, contracttest.Library()))
	data := filepath.Join(t.TempDir(), "a", "b")
	s := start(t, binary, data)
	if status, body := s.ask(t, "POST", "/members", `{"name":"n","email":"a@b.cd"}`); status != 201 {
		t.Fatalf("%d %s", status, body)
	}
	if code, log := refused(t, binary, data); code != 2 || !strings.Contains(log, "in use") {
		t.Errorf("a second process: exit code %d, %s", code, log)
	}
	s.stop(t, 15)
	journal := filepath.Join(data, "journal-00000001")
	text, err := os.ReadFile(journal)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(journal, text, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, log := refused(t, binary, data); code != 3 || !strings.Contains(log, "journal-00000001") {
		t.Errorf("a damaged journal: exit code %d, %s", code, log)
	}
}

func refused(t *testing.T, binary, data string) (code int, log string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary)
	cmd.Env = []string{"PORT=0", "DATA_DIR=" + data}
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Error("the service started and ended")
	}
	return cmd.ProcessState.ExitCode(), string(out)
}
