package kubernetes

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

const (
	pollEvery  = 200 * time.Millisecond
	endTimeout = 30 * time.Second
)

// pod is one sandbox: the sandbox that the pod's sandboxd lends, with the pod's own facts in every Result.
type pod struct {
	sandbox.Sandbox // nil until the pod has answered

	d      *Driver
	name   string
	driver sandbox.Driver

	once sync.Once
	err  error // of Destroy
}

func newPod(d *Driver) *pod {
	return &pod{d: d, name: "qlp-" + strings.ToLower(rand.Text())[:20]}
}

// ID implements sandbox.Sandbox.
func (p *pod) ID() string { return p.name }

func (p *pod) start(ctx context.Context, image string, spec sandbox.Spec) error {
	cfg := p.d.cfg
	token := rand.Text() + rand.Text()
	made, err := p.d.api.CreateJob(ctx, job(cfg, p.name, image, p.d.port, spec.Limits.WithDefaults()))
	if err != nil {
		return explain("make the sandbox's job", err)
	}
	// The pod waits for it.
	if err := p.d.api.CreateSecret(ctx, secret(made, token)); err != nil {
		return explain("make the sandbox's token", err)
	}
	ip, err := p.ready(ctx)
	if err != nil {
		return err
	}
	if p.driver, err = cfg.Connect(ctx, "http://"+net.JoinHostPort(ip, strconv.Itoa(p.d.port)), token); err != nil {
		return fmt.Errorf("speak with the pod: %w", err)
	}
	inner := spec
	inner.Isolation, inner.Mounts = "", nil // the pod is the wall, and has its own toolchain
	if p.Sandbox, err = p.driver.Create(ctx, inner); err != nil {
		return fmt.Errorf("speak with the pod: %w", err)
	}
	return nil
}

// ready waits until the pod answers, and says why it will not.
func (p *pod) ready(ctx context.Context) (ip string, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.d.cfg.Patience)
	defer cancel()
	last := "no pod was made"
	for {
		list, err := p.d.api.Pods(ctx, p.d.cfg.Namespace, labelName+"="+p.name)
		if err != nil && ctx.Err() == nil {
			return "", explain("look for the sandbox's pod", err)
		}
		if err == nil && len(list) > 0 {
			it := &list[0]
			if up(it) {
				return it.Status.PodIP, nil
			}
			if err := hopeless(it); err != nil {
				return "", err
			}
			last = state(it)
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return "", context.Cause(ctx)
			}
			return "", qlp.Errorf(qlp.Unavailable, "the sandbox's pod is not ready after %s: %s", p.d.cfg.Patience, last).
				WithRemedy("see what holds it up: kubectl -n %s describe job,pod -l %s", p.d.cfg.Namespace, labelSandbox)
		}
	}
}

func up(it *corev1.Pod) bool {
	for _, c := range it.Status.Conditions {
		if c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue {
			return it.Status.PodIP != ""
		}
	}
	return false
}

// state is what the cluster says of a pod that is not ready.
func state(it *corev1.Pod) string {
	for _, c := range it.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return "no node takes it: " + c.Message
		}
	}
	return "it is " + strings.ToLower(string(it.Status.Phase))
}

// hopeless says why a pod will never be ready; nil if it may.
func hopeless(it *corev1.Pod) error {
	if it.Status.Phase == corev1.PodFailed {
		return qlp.Errorf(qlp.Unavailable, "the sandbox's pod failed: %s %s", it.Status.Reason, it.Status.Message).
			WithRemedy("see its log: kubectl -n %s logs %s", it.Namespace, it.Name)
	}
	for _, c := range it.Status.ContainerStatuses {
		w := c.State.Waiting
		if w == nil {
			continue
		}
		switch w.Reason {
		case "ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull":
			return qlp.Errorf(qlp.Unavailable, "the sandbox's image cannot be had: %s", w.Message).WithRemedy("correct kubernetes_images, or give the namespace's account the right to pull it")
		case "CreateContainerError", "CreateContainerConfigError", "RunContainerError":
			return qlp.Errorf(qlp.Unavailable, "the sandbox's container cannot start: %s", w.Message).WithRemedy("the image must be one that `make sandbox-images` has made")
		}
	}
	return nil
}

// own puts the pod's facts in the place of those of the sandbox in it.
func (p *pod) own(res sandbox.Result, err error) (sandbox.Result, error) {
	res.Isolation, res.Engine, res.Enforcement = p.d.cfg.Level, p.d.engine(), enforcement()
	return res, err
}

// Exec implements sandbox.Sandbox.
func (p *pod) Exec(ctx context.Context, cmd sandbox.Cmd) (sandbox.Result, error) {
	return p.own(p.Sandbox.Exec(ctx, cmd))
}

// Start implements sandbox.Sandbox.
func (p *pod) Start(ctx context.Context, cmd sandbox.Cmd) (sandbox.Process, error) {
	started, err := p.Sandbox.Start(ctx, cmd)
	if err != nil {
		return nil, err
	}
	return &service{started, p}, nil
}

// service is a started command.
type service struct {
	sandbox.Process

	p *pod
}

// Wait implements sandbox.Process.
func (s *service) Wait(ctx context.Context) (sandbox.Result, error) {
	return s.p.own(s.Process.Wait(ctx))
}

// Kill implements sandbox.Process.
func (s *service) Kill(ctx context.Context) (sandbox.Result, error) {
	return s.p.own(s.Process.Kill(ctx))
}

// Destroy implements sandbox.Sandbox. It returns when the pod is gone.
func (p *pod) Destroy(ctx context.Context) error {
	p.once.Do(func() {
		defer p.d.forget(p)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
		defer cancel()
		if p.Sandbox != nil {
			p.err = p.Sandbox.Destroy(ctx)
		}
		if p.driver != nil {
			p.err = errors.Join(p.err, p.driver.Close())
		}
		p.err = errors.Join(p.err, p.remove(ctx))
		if p.err != nil {
			p.d.log.ErrorContext(ctx, "Sandbox not destroyed", "sandbox", p.name, "err", p.err)
		}
	})
	return p.err
}

// remove deletes the job, and with it the pod and the secret, and waits until the pod is no more.
func (p *pod) remove(ctx context.Context) error {
	ns := p.d.cfg.Namespace
	err := p.d.api.DeleteJob(ctx, ns, p.name, metav1.DeleteOptions{
		PropagationPolicy: ptr(metav1.DeletePropagationBackground), GracePeriodSeconds: ptr(int64(0)),
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return explain("delete the sandbox's job", err)
	}
	for {
		list, err := p.d.api.Pods(ctx, ns, labelName+"="+p.name)
		if err == nil && len(list) == 0 {
			return nil
		}
		select {
		case <-time.After(pollEvery):
		case <-ctx.Done():
			return qlp.Errorf(qlp.Internal, "the pod of sandbox %s is still there after %s", p.name, endTimeout)
		}
	}
}
