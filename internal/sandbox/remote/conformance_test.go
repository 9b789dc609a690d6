package remote_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/sandbox/remote"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest/gotest"
)

const (
	envInit = "QLP_TEST_INIT"
	token   = "0123456789abcdef0123456789abcdef"
)

func TestMain(m *testing.M) { os.Exit(testAll(m)) }

func testAll(m *testing.M) int {
	dir, err := os.MkdirTemp("", "qlp-remote-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	path, err := sandboxtest.BuildInit(context.Background(), dir)
	if err == nil {
		err = os.Chmod(dir, 0o755)
	}
	if err == nil {
		err = os.Setenv(envInit, path)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

func nativeDriver(t *testing.T) *native.Driver {
	t.Helper()
	d, err := native.New(t.Context(), slog.New(slog.DiscardHandler), native.Config{InitPath: os.Getenv(envInit)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close driver: %v", err)
		}
	})
	return d
}

// machine is one executor that can be pulled the plug of.
type machine struct {
	url    string
	server *sandboxd.Server
	stop   func()
}

func executor(t *testing.T, cfg sandboxd.Config) *machine {
	t.Helper()
	cfg.Token = token
	server, err := sandboxd.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- server.Serve(ctx, l) }()
	m := &machine{url: "http://" + l.Addr().String(), server: server, stop: func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("serve: %v", err)
		}
		served <- nil
	}}
	t.Cleanup(m.stop)
	return m
}

func pool(t *testing.T, cfg remote.Config) *remote.Driver {
	t.Helper()
	cfg.Token = token
	d, err := remote.New(t.Context(), slog.New(slog.DiscardHandler), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return d
}

func weak(t *testing.T, d sandbox.Driver) map[string]bool {
	t.Helper()
	caps, err := d.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for name, how := range caps.Enforcement {
		out[name] = how != sandbox.Enforced
	}
	return out
}

// TestConformance runs every hostile program through the driver, HTTP, a sandboxd and the native driver.
func TestConformance(t *testing.T) {
	m := executor(t, sandboxd.Config{Driver: nativeDriver(t)})
	d := pool(t, remote.Config{Executors: []string{m.url}})
	gotest.Run(t, sandboxtest.Options{Driver: d, Weak: weak(t, d)})
}

// TestConformanceTLS runs what depends on the connection with TLS.
func TestConformanceTLS(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the same suite as TestConformance, with TLS")
	}
	server, err := sandboxd.New(sandboxd.Config{Driver: nativeDriver(t), Token: token, Ping: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	front := httptest.NewUnstartedServer(server)
	front.StartTLS()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
		front.Close()
	})
	d := pool(t, remote.Config{Executors: []string{front.URL}, TLS: tlsConfig(front)})
	gotest.Run(t, sandboxtest.Options{Driver: d, Weak: weak(t, d)})
}
