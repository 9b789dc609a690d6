package native

import (
	"maps"
	"os"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/toolcache"
	"github.com/quantumlayer/qlp/internal/stack"
)

const serviceMain = `package main

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
)

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /books", func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewEncoder(w).Encode([]string{"a", "b"}); err != nil {
			slog.Error("Books not sent", "err", err)
		}
	})
	return mux
}

func main() {
	if err := http.ListenAndServe("127.0.0.1:8080", handler()); !errors.Is(err, http.ErrServerClosed) {
		os.Exit(1)
	}
}
`

const serviceTest = `package main

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestBooks(t *testing.T) {
	s := httptest.NewServer(handler())
	defer s.Close()
	r, err := http.Get(s.URL + "/books")
	if err != nil || r.StatusCode != 200 {
		t.Fatal(r, err)
	}
}
`

// TestGoServiceInSeconds builds, vets and tests a service in a sandbox that has only the seeded cache.
func TestGoServiceInSeconds(t *testing.T) {
	if testing.Short() {
		t.Skip("short: seeding a build cache compiles the standard library")
	}
	tc := toolchain(t, "go")
	cache, err := toolcache.SeedGo(t.Context(), toolcache.Config{Init: os.Getenv(envInit)})
	if err != nil {
		t.Fatal(err)
	}
	d := setup(t, Config{})
	spec := sandbox.Spec{Mounts: []sandbox.Mount{cache.Mount()}, Env: cache.Env()}
	for _, m := range tc.Mounts {
		spec.Mounts = append(spec.Mounts, sandbox.Mount(m))
	}
	spec.Env["PATH"] = tc.Path
	for range 2 {
		sb, err := d.Create(t.Context(), spec)
		if err != nil {
			t.Fatal(err)
		}
		files := map[string][]byte{"go.mod": []byte("module books\n\ngo 1.24\n"), "main.go": []byte(serviceMain), "main_test.go": []byte(serviceTest)}
		if err := sandbox.PutFiles(t.Context(), sb, files); err != nil {
			t.Fatal(err)
		}
		var total time.Duration
		for _, argv := range [][]string{{"go", "build", "./..."}, {"go", "vet", "./..."}, {"go", "test", "./..."}} {
			res, err := sb.Exec(t.Context(), sandbox.Cmd{Argv: argv})
			if err != nil || res.Verdict != sandbox.OK {
				t.Fatalf("%v: %s %s %s %v", argv, res.Verdict, res.Stdout, res.Stderr, err)
			}
			t.Logf("%v: %s wall, %s CPU, %d MiB", argv, res.Wall, res.CPU, res.PeakMemory>>20)
			total += res.Wall
		}
		if err := sb.Destroy(t.Context()); err != nil {
			t.Error(err)
		}
		t.Logf("together %s", total)
		if total > 15*time.Second {
			t.Errorf("build, vet and test took %s: the cache is not used", total)
		}
	}
	again := time.Now()
	if second, err := toolcache.SeedGo(t.Context(), toolcache.Config{Init: os.Getenv(envInit)}); err != nil || !maps.Equal(second.Env(), cache.Env()) || time.Since(again) > 2*time.Second {
		t.Errorf("seeding again took %s: %v", time.Since(again), err)
	}
}

// toolchain finds a stack's tools on this machine.
func toolchain(t *testing.T, name string) stack.Toolchain {
	t.Helper()
	st, err := stack.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	tc, err := stack.Locate(t.Context(), st)
	if err != nil {
		t.Skip(err)
	}
	return tc
}
