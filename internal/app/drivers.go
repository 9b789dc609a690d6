package app

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/docker"
	"github.com/quantumlayer/qlp/internal/sandbox/kubernetes"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/sandbox/process"
	"github.com/quantumlayer/qlp/internal/sandbox/remote"
)

// The names of the drivers.
const (
	driverNative  = "native"
	driverProcess = "process"
	driverDocker  = "docker"
	driverPods    = "kubernetes"
	driverRemote  = "remote" // on the executors that the settings name
)

// Drivers are the names of the drivers that a command may choose.
func Drivers() []string { return append(ownDrivers(), driverRemote) }

// ownDrivers are those that the setting sandbox_driver may choose; executors elsewhere have a setting of their own.
func ownDrivers() []string { return []string{driverNative, driverDocker, driverPods, driverProcess} }

// byName changes the settings to what a command's --driver says; "" leaves them.
func byName(cfg config.Config, name string) (config.Config, error) {
	switch {
	case name == "":
	case name == driverRemote && cfg.Executors == "":
		return cfg, qlp.Errorf(qlp.Invalid, "no executor is named whose sandboxes could be used").
			WithRemedy("start `qlp sandboxd` there, and set executors (QLP_EXECUTORS) to its address here")
	case name == driverRemote:
	case slices.Contains(ownDrivers(), name): // this machine's
		cfg.SandboxDriver, cfg.Executors = name, ""
	default:
		return cfg, unknownDriver(name, Drivers())
	}
	return cfg, nil
}

// Sandbox returns the driver that the settings choose. The caller closes it.
func Sandbox(ctx context.Context, cfg config.Config) (sandbox.Driver, error) {
	return driverFor(ctx, cfg, slog.New(slog.DiscardHandler))
}

func driverFor(ctx context.Context, cfg config.Config, log *slog.Logger) (sandbox.Driver, error) {
	if cfg.Executors != "" {
		return remoteDriver(ctx, cfg, log)
	}
	return localDriver(ctx, cfg, log)
}

func localDriver(ctx context.Context, cfg config.Config, log *slog.Logger) (sandbox.Driver, error) {
	switch cfg.SandboxDriver {
	case "", driverNative:
		return native.New(ctx, log, native.Config{Spare: cfg.SandboxSpare})
	case driverProcess:
		return process.New(ctx, log, process.Config{})
	case driverDocker:
		images, err := docker.ReadImages(imageList(cfg))
		if err != nil {
			return nil, err
		}
		return docker.New(ctx, log, docker.Config{Host: cfg.DockerHost, Images: images, Runtime: cfg.DockerRuntime})
	case driverPods:
		return podDriver(ctx, cfg, log)
	}
	return nil, unknownDriver(cfg.SandboxDriver, ownDrivers())
}

// podDriver speaks with each pod's sandboxd as with any executor. Its token goes in clear within the cluster's network, where the policy lets
// nobody else near the pod.
func podDriver(ctx context.Context, cfg config.Config, log *slog.Logger) (sandbox.Driver, error) {
	if cfg.KubernetesImages == "" {
		return nil, qlp.Errorf(qlp.Invalid, "no images are named for the pods").
			WithRemedy("push the images of `make sandbox-images` to your registry, and name the file with their digests in the setting kubernetes_images")
	}
	images, err := docker.ReadImages(cfg.KubernetesImages)
	if err != nil {
		return nil, err
	}
	return kubernetes.New(ctx, log, kubernetes.Config{
		Kubeconfig: cfg.Kubeconfig, Namespace: cfg.KubernetesNamespace, RuntimeClass: cfg.KubernetesRuntimeClass, Images: images,
		Connect: func(ctx context.Context, address, token string) (sandbox.Driver, error) {
			return remote.New(ctx, log, remote.Config{Executors: []string{address}, Token: token, AllowPlain: true})
		},
	})
}

func unknownDriver(name string, known []string) error {
	return qlp.Errorf(qlp.Invalid, "there is no sandbox driver %.40q", name).WithRemedy("choose one of: %s", strings.Join(known, ", "))
}

// imageList is the file that says which image is for which stack: the one that is set, or the one that `make sandbox-images`
// leaves beside this program.
func imageList(cfg config.Config) string {
	const name = "sandbox-images.json"
	if cfg.DockerImages != "" {
		return cfg.DockerImages
	}
	self, err := os.Executable()
	if err != nil {
		return name
	}
	return filepath.Join(filepath.Dir(self), name)
}

// elsewhere says whether a driver's sandboxes have toolchains of their own, and cannot see this machine's.
func elsewhere(d sandbox.Driver) bool {
	return slices.Contains([]string{driverRemote, driverDocker, driverPods}, d.Name())
}
