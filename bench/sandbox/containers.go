package main

import (
	"context"
	"log/slog"
	"os"
	"os/exec"
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/docker"
)

// containers are the engine's own command and QLP's driver over the same engine and image. why says what they lack, if anything.
func containers(ctx context.Context) (peers []*peer, closing func(), why string) {
	closing = func() {}
	list := os.Getenv("SANDBOX_IMAGES")
	if list == "" {
		list = "bin/sandbox-images.json"
	}
	images, err := docker.ReadImages(list)
	if err != nil {
		return nil, closing, err.Error()
	}
	d, err := docker.New(ctx, slog.New(slog.DiscardHandler), docker.Config{Images: images})
	if err != nil {
		return nil, closing, err.Error()
	}
	peers = []*peer{{name: "qlp docker, cold", run: once(ctx, d)}}
	if path, err := exec.LookPath("docker"); err == nil {
		argv := []string{path, "run", "--rm", "--network", "none", "--memory", "2g", "--pids-limit", "512", "--entrypoint", "/bin/true", images[""]}
		peers = append([]*peer{{name: "docker run --rm, the same image, memory and process limit", run: command(argv...)}}, peers...)
	}
	return peers, func() { _ = d.Close() }, ""
}

// once runs /bin/true in a sandbox of its own.
func once(ctx context.Context, d sandbox.Driver) func() (time.Duration, error) {
	return func() (time.Duration, error) {
		start := time.Now()
		res, err := sandbox.RunOnce(ctx, d, sandbox.Spec{}, sandbox.Cmd{Argv: []string{"/bin/true"}}, "")
		return time.Since(start), check(res, err)
	}
}
