package docker_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/docker"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest/gotest"
)

// images are those of `make sandbox-images`. Without them, or without an engine, there is nothing to test against.
func images(t *testing.T) map[string]string {
	t.Helper()
	path := os.Getenv("SANDBOX_IMAGES")
	if path == "" {
		path = filepath.Join("..", "..", "..", "bin", "sandbox-images.json")
	}
	list, err := docker.ReadImages(path)
	if err != nil {
		t.Skipf("no sandbox images: %v; %s", err, qlp.RemedyOf(err))
	}
	return list
}

func setup(t *testing.T) *docker.Driver {
	t.Helper()
	d, err := docker.New(t.Context(), slog.New(slog.DiscardHandler), docker.Config{Images: images(t)})
	if qlp.CodeOf(err) == qlp.Unavailable {
		t.Skipf("no container engine: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if left := containers(t); left > 0 {
			t.Errorf("%d containers are left", left)
		}
	})
	return d
}

// containers counts those of sandboxes.
func containers(t *testing.T) int {
	t.Helper()
	api, err := client.New(client.FromEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	list, err := api.ContainerList(context.Background(), client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", "qlp.id")})
	if err != nil {
		t.Fatal(err)
	}
	return len(list.Items)
}

// TestConformance runs every hostile program in a container.
func TestConformance(t *testing.T) {
	d := setup(t)
	caps, err := d.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	weak := map[string]bool{}
	for name, how := range caps.Enforcement {
		weak[name] = how != sandbox.Enforced
	}
	gotest.Run(t, sandboxtest.Options{Driver: d, Weak: weak, Mortal: true})
}

func TestRefuses(t *testing.T) {
	d := setup(t)
	for name, c := range map[string]struct {
		spec sandbox.Spec
		code qlp.Code
		says string
	}{
		"a mount":       {sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: "/etc"}}}, qlp.Invalid, "containers see nothing of it"},
		"a stack":       {sandbox.Spec{Stack: "cobol"}, qlp.Unavailable, "no image for the stack"},
		"a strong wall": {sandbox.Spec{Isolation: sandbox.LevelVM}, qlp.Unavailable, "isolated by namespaces"},
		"no such wall":  {sandbox.Spec{Isolation: "thick"}, qlp.Invalid, "no isolation level"},
	} {
		if _, err := d.Create(t.Context(), c.spec); qlp.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: %v; %s", name, err, qlp.RemedyOf(err))
		}
	}
	if _, err := d.Create(t.Context(), sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: "/etc"}}}); !errors.Is(err, sandbox.ErrUnsupported) {
		t.Errorf("%v", err)
	}
}

// TestNew holds what is said of engines and images that are not there.
func TestNew(t *testing.T) {
	t.Parallel()
	digest := "sha256:" + strings.Repeat("0", 64)
	for name, c := range map[string]struct {
		cfg  docker.Config
		code qlp.Code
		says string
	}{
		"no engine":      {docker.Config{Host: "unix://" + filepath.Join(t.TempDir(), "none.sock"), Images: map[string]string{"": digest}}, qlp.Unavailable, "does not answer"},
		"no host":        {docker.Config{Host: "gopher://x", Images: map[string]string{"": digest}}, "", ""},
		"no image":       {docker.Config{}, qlp.Invalid, "no image is named"},
		"a moving image": {docker.Config{Images: map[string]string{"go": "golang:latest"}}, qlp.Invalid, "not named by its digest"},
		"a short digest": {docker.Config{Images: map[string]string{"go": "golang@sha256:123"}}, qlp.Invalid, "not named by its digest"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		_, err := docker.New(ctx, slog.New(slog.DiscardHandler), c.cfg)
		cancel()
		if err == nil || c.code != "" && (qlp.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) || qlp.RemedyOf(err) == "") {
			t.Errorf("%s: %v; %s", name, err, qlp.RemedyOf(err))
		}
	}
}

// TestReap starts a driver after another process was killed, and one of another machine was not.
func TestReap(t *testing.T) {
	d := setup(t)
	api, err := client.New(client.FromEnv)
	if err != nil {
		t.Fatal(err)
	}
	defer api.Close()
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		t.Fatal(err)
	}
	ns, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		t.Fatal(err)
	}
	ns = strings.Trim(strings.TrimPrefix(ns, "pid:"), "[]")
	leave := func(owner, boot string) string {
		c, err := api.ContainerCreate(t.Context(), client.ContainerCreateOptions{Config: docker.ConfigForTest(images(t)[""], owner, boot)})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_, _ = api.ContainerRemove(context.Background(), c.ID, client.ContainerRemoveOptions{Force: true})
		})
		return c.ID
	}
	here := strings.TrimSpace(string(boot))
	dead, elsewhere := leave(ns+"-999999999-5-1", here), leave(ns+"-999999999-5-1", "another boot")
	again, err := docker.New(t.Context(), slog.New(slog.DiscardHandler), docker.Config{Images: images(t)})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if _, err := api.ContainerInspect(t.Context(), dead, client.ContainerInspectOptions{}); err == nil {
		t.Error("the container of a dead process is left")
	}
	if _, err := api.ContainerInspect(t.Context(), elsewhere, client.ContainerInspectOptions{}); err != nil {
		t.Errorf("the container of another machine was removed: %v", err)
	}
	if _, err := api.ContainerRemove(t.Context(), elsewhere, client.ContainerRemoveOptions{Force: true}); err != nil {
		t.Fatal(err)
	}
	_ = d
}
