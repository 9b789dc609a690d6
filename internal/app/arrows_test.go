package app_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/quantumlayer/qlp/"

// arrows says, for each room, which rooms of ours it may import besides itself and the folders below it. The most specific
// entry counts. What is missing here does not exist yet: a new room is added together with its arrows.
var arrows = map[string][]string{
	"cmd/qlp":       {"internal/cli"},
	"cmd/qlp-gosec": {"internal/validator/security/gosectool"},
	"cmd/qlp-init":  {"internal/sandbox/native/wire", "internal/sandbox/gocache"},

	"internal/qlp":       {},
	"internal/telemetry": {},
	"internal/config":    {"internal/qlp"},
	"internal/stack":     {"internal/qlp"},
	"internal/contract":  {"internal/qlp"},
	// Software that exists already, read from a folder.
	"internal/repository": {"internal/qlp"},

	// What keeps secrets out of prompts, and finds them in files.
	"internal/redact": {},
	"internal/llm":    {"internal/qlp"},
	// Fences, feedback and redaction of what models are asked.
	"internal/llm/prompt": {"internal/qlp", "internal/llm", "internal/redact"},

	"internal/blob":   {"internal/qlp"},
	"internal/vector": {"internal/qlp"},
	// What is searched there was written by a store.
	"internal/vector/vectortest": {"internal/qlp", "internal/vector", "internal/store"},
	// Some embedders ask models.
	"internal/embedding":  {"internal/qlp", "internal/llm", "internal/vector/spelling"},
	"internal/similarity": {"internal/qlp", "internal/store", "internal/vector", "internal/embedding"},
	"internal/store":      {"internal/qlp"},
	"internal/sandbox":    {"internal/qlp"},
	// The driver's init is built from the wire format and the cache that it serves.
	"internal/sandbox/native/wire": {},
	// What the drivers share that start the init and then speak to it.
	"internal/sandbox/initbox": {"internal/qlp", "internal/sandbox"},
	"internal/sandbox/gocache": {},

	"internal/interpreter": {"internal/qlp"},
	"internal/planner":     {"internal/qlp", "internal/contract"},
	"internal/generator":   {"internal/qlp", "internal/contract"},
	// The parts of these rooms that ask models.
	"internal/interpreter/model": {"internal/qlp", "internal/interpreter", "internal/llm"},
	"internal/planner/model":     {"internal/qlp", "internal/planner", "internal/llm", "internal/interpreter/specfile"},
	"internal/generator/agent":   {"internal/qlp", "internal/generator", "internal/contract", "internal/llm", "internal/planner", "internal/interpreter/specfile", "internal/reviewer"},

	"internal/reviewer":  {"internal/qlp"},
	"internal/validator": {"internal/qlp", "internal/sandbox", "internal/contract", "internal/redact"},
	"internal/fetcher":   {"internal/qlp", "internal/sandbox", "internal/stack"},
	"internal/capsule":   {"internal/qlp", "internal/validator"},
	"internal/events":    {"internal/qlp", "internal/store"},
	"internal/orchestrator": {
		"internal/qlp", "internal/store", "internal/blob", "internal/interpreter", "internal/planner", "internal/generator", "internal/validator",
		"internal/capsule", "internal/events", "internal/contract", "internal/reviewer",
	},
	// Backups, garbage, what a tenant owns.
	"internal/archive": {"internal/qlp", "internal/store", "internal/blob"},
	// The suites' checks are played by the rooms that play them in a run.
	"internal/eval": {"internal/qlp", "internal/sandbox", "internal/validator", "internal/contract", "internal/llm"},
	// The queue's library needs the database's own handle, which the store's driver hands over.
	"internal/worker": {"internal/qlp", "internal/store"},

	"internal/api": {
		"internal/qlp", "internal/store", "internal/blob", "internal/events", "internal/interpreter", "internal/orchestrator", "internal/telemetry", "internal/similarity",
	},
	"internal/client": {"internal/qlp"},
	"internal/app":    {"internal"},
	"internal/cli": {
		"internal/app", "internal/client", "internal/config", "internal/qlp", "internal/telemetry", "internal/capsule", "internal/interpreter",
		"internal/planner", "internal/sandbox", "internal/eval", "internal/validator/test/sitetool",
		"internal/validator/test/accepttool",
	},
	"e2e":   {"internal/client", "internal/qlp"},
	"bench": {"internal", "cmd"},
}

// drivers may be named by app alone (and by tests, benchmarks and conformance suites).
var drivers = []string{
	"internal/sandbox/native", "internal/sandbox/remote", "internal/sandbox/process", "internal/sandbox/docker", "internal/sandbox/kubernetes", "internal/store/sqlite", "internal/store/postgres", "internal/generator/offline/golang", "internal/generator/offline/python", "internal/interpreter/grammar",
	"internal/llm/openai", "internal/llm/azureopenai", "internal/llm/anthropic", "internal/llm/ollama", "internal/llm/replay",
	"internal/interpreter/model", "internal/planner/model", "internal/generator/agent",
}

type goPackage struct {
	ImportPath string
	Imports    []string
}

func TestArrows(t *testing.T) {
	t.Parallel()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := 0
	for dec := json.NewDecoder(out); ; seen++ {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		checkArrows(t, p)
	}
	if err := cmd.Wait(); err != nil || seen < len(arrows)/2 {
		t.Fatalf("read %d packages: %v", seen, err)
	}
}

func checkArrows(t *testing.T, p goPackage) {
	t.Helper()
	from := strings.TrimPrefix(p.ImportPath, module)
	room := roomOf(from)
	if room == "" {
		t.Errorf("%s belongs to no room in the table of arrows", from)
		return
	}
	for _, path := range p.Imports {
		to, ours := strings.CutPrefix(path, module)
		if !ours {
			if room == "internal/qlp" && strings.Contains(strings.Split(path, "/")[0], ".") {
				t.Errorf("%s imports %s; the centre has the standard library only", from, path)
			}
			continue
		}
		if !within(to, room) && !allowed(to, arrows[room]) {
			t.Errorf("%s imports %s, which is no arrow of %s", from, to, room)
		}
		for _, d := range drivers {
			if within(to, d) && !within(from, d) && room != "internal/app" && !support(from) && !allowed(to, []string{"internal/sandbox/native/wire"}) {
				t.Errorf("%s imports the driver %s; only app names drivers", from, to)
			}
		}
	}
}

// support recognises the packages that exist for tests.
func support(path string) bool {
	return strings.HasPrefix(path, "bench/") || strings.HasSuffix(path, "test") || strings.Contains(path, "test/")
}

// roomOf returns the most specific room that path lies in.
func roomOf(path string) string {
	best := ""
	for room := range arrows {
		if within(path, room) && len(room) > len(best) {
			best = room
		}
	}
	return best
}

func within(path, room string) bool { return path == room || strings.HasPrefix(path, room+"/") }

func allowed(to string, rooms []string) bool {
	for _, r := range rooms {
		if within(to, r) {
			return true
		}
	}
	return false
}
