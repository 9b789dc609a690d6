package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	k8stesting "k8s.io/client-go/testing"
	"sigs.k8s.io/yaml"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/sandbox/remote"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxd"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest/gotest"
)

var update = flag.Bool("update", false, "rewrite golden files")

// A cluster cannot run here: the API server is client-go's fake, and a real sandboxd on this machine stands for the pod's.

const image = "registry.example/qlp-sandbox@sha256:0000000000000000000000000000000000000000000000000000000000000000"

// cluster is a fake API server that makes a pod of each job, as the controllers would.
type cluster struct {
	*fake.Clientset

	config Config
	port   int
	pod    func(*corev1.Pod) // decides what becomes of a pod
	tokens chan string
}

func newCluster(t *testing.T, objects ...runtime.Object) *cluster {
	t.Helper()
	c := &cluster{Clientset: fake.NewClientset(objects...), port: sandboxdPort, pod: func(*corev1.Pod) {}, tokens: make(chan string, 8)}
	c.config = Config{Namespace: "qlp", Images: map[string]string{"": image, "go": image}, Patience: 3 * time.Second, Connect: func(context.Context, string, string) (sandbox.Driver, error) {
		return nil, errors.New("nobody speaks there")
	}}
	c.PrependReactor("create", "jobs", func(a k8stesting.Action) (bool, runtime.Object, error) {
		job := a.(k8stesting.CreateAction).GetObject().(*batchv1.Job).DeepCopy()
		p := &corev1.Pod{ObjectMeta: job.Spec.Template.ObjectMeta, Spec: job.Spec.Template.Spec}
		p.Name, p.Namespace = job.Name+"-x", job.Namespace
		c.pod(p)
		return false, nil, c.Tracker().Add(p)
	})
	c.PrependReactor("delete", "jobs", func(a k8stesting.Action) (bool, runtime.Object, error) {
		gvr := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
		_ = c.Tracker().Delete(gvr, a.GetNamespace(), a.(k8stesting.DeleteAction).GetName()+"-x")
		return false, nil, nil
	})
	return c
}

func ready(ip string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip, Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}}
	}
}

func policyObject() *networkingv1.NetworkPolicy {
	return &networkingv1.NetworkPolicy{ObjectMeta: metav1.ObjectMeta{Name: Policy, Namespace: "qlp"}}
}

func (c *cluster) driver(t *testing.T) *Driver {
	t.Helper()
	d, err := newDriver(t.Context(), slog.New(slog.DiscardHandler), c.config, asked{c.Clientset}, c.port)
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

// TestObjects compares what is created, to the letter.
func TestObjects(t *testing.T) {
	t.Parallel()
	cfg := Config{Namespace: "qlp", RuntimeClass: "gvisor", Life: time.Hour}
	limits := sandbox.Limits{CPUs: 1.5, Memory: sandbox.GiB, Disk: 256 * sandbox.MiB}.WithDefaults()
	j := job(cfg, "qlp-sample", image, sandboxdPort, limits)
	j.TypeMeta = metav1.TypeMeta{APIVersion: "batch/v1", Kind: "Job"}
	s := secret(j, "the-token")
	s.TypeMeta = metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"}
	for name, object := range map[string]any{"job.yaml": j, "secret.yaml": s} {
		got, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, got, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// withSandboxd is a driver whose pods are one real sandboxd of this machine.
func withSandboxd(t *testing.T) (*cluster, *Driver) {
	t.Helper()
	c := newCluster(t, policyObject())
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	init, err := sandboxtest.BuildInit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	inner, err := native.New(t.Context(), slog.New(slog.DiscardHandler), native.Config{InitPath: init})
	if err != nil {
		t.Skipf("no sandbox on this machine: %v", err)
	}
	t.Cleanup(func() { _ = inner.Close() })
	c.config.Connect = func(ctx context.Context, _, token string) (sandbox.Driver, error) {
		server, err := sandboxd.New(sandboxd.Config{Driver: inner, Token: token})
		if err != nil {
			return nil, err
		}
		front := httptest.NewServer(server)
		t.Cleanup(front.Close)
		return remote.New(ctx, slog.New(slog.DiscardHandler), remote.Config{Executors: []string{front.URL}, Token: token})
	}
	c.pod = ready("10.0.0.7")
	return c, c.driver(t)
}

// TestConformance runs every hostile program through the driver. The pod's own walls are the cluster's, and cannot be tried here.
func TestConformance(t *testing.T) {
	if testing.Short() {
		t.Skip("short: the same suite as the remote driver's, through a pod that is made up")
	}
	c, d := withSandboxd(t)
	caps, err := d.Capabilities(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	weak := map[string]bool{}
	for name, how := range caps.Enforcement {
		weak[name] = how != sandbox.Enforced
	}
	gotest.Run(t, sandboxtest.Options{Driver: d, Weak: weak})
	c.nothingLeft(t)
}

// TestThroughARealSandboxd takes programs, files, a service and a connection through the whole driver.
func TestThroughARealSandboxd(t *testing.T) {
	c, d := withSandboxd(t)
	sb, err := d.Create(t.Context(), sandbox.Spec{})
	if err != nil {
		t.Fatal(err)
	}
	res, err := sb.Exec(t.Context(), sandbox.Cmd{Argv: []string{"sh", "-c", "cat; exit 3"}, Stdin: strings.NewReader("through it")})
	if err != nil || res.Verdict != sandbox.Nonzero || res.ExitCode != 3 || string(res.Stdout) != "through it" || res.Isolation != sandbox.LevelNamespaces || !strings.HasPrefix(res.Engine, "kubernetes") || res.Enforcement["pids"] != sandbox.BestEffort {
		t.Errorf("%+v %v", res, err)
	}
	if err := sandbox.PutFiles(t.Context(), sb, map[string][]byte{"a/b": []byte("content")}); err != nil {
		t.Fatal(err)
	}
	files, err := sandbox.GetFiles(t.Context(), sb, []string{"a/**"}, sandbox.CopyLimits{})
	if err != nil || string(files["a/b"].Content) != "content" {
		t.Errorf("%v %v", files, err)
	}
	service, err := sb.Start(t.Context(), sandbox.Cmd{Argv: []string{"python3", "-c", "import socket; s=socket.create_server(('127.0.0.1',8080)); c=s.accept()[0]; c.sendall(b'hi'); c.close()"}})
	if err != nil {
		t.Fatal(err)
	}
	var conn net.Conn
	for end := time.Now().Add(10 * time.Second); conn == nil && time.Now().Before(end); {
		if conn, err = sb.Dial(t.Context(), 8080); err != nil {
			<-time.After(20 * time.Millisecond)
		}
	}
	if conn == nil {
		t.Fatal(err)
	}
	said, err := io.ReadAll(conn)
	if err != nil || string(said) != "hi" {
		t.Errorf("%q %v", said, err)
	}
	if res, err := service.Wait(t.Context()); err != nil || !strings.HasPrefix(res.Engine, "kubernetes") {
		t.Errorf("%+v %v", res, err)
	}
	if err := sb.Destroy(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := sb.Exec(t.Context(), sandbox.Cmd{Argv: []string{"true"}}); !errors.Is(err, sandbox.ErrDestroyed) {
		t.Errorf("after its end: %v", err)
	}
	c.withinItsRole(t) // before the test itself asks the server
	c.nothingLeft(t)
}

func (c *cluster) nothingLeft(t *testing.T) {
	t.Helper()
	jobs, err := c.BatchV1().Jobs("qlp").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(jobs.Items) > 0 {
		t.Errorf("%d jobs are left, %v", len(jobs.Items), err)
	}
	pods, err := c.CoreV1().Pods("qlp").List(t.Context(), metav1.ListOptions{})
	if err != nil || len(pods.Items) > 0 {
		t.Errorf("%d pods are left, %v", len(pods.Items), err)
	}
}

// withinItsRole holds that every call was one that the published role allows.
func (c *cluster) withinItsRole(t *testing.T) {
	t.Helper()
	allowed := map[string]bool{}
	for _, r := range rules(t) {
		for _, verb := range r.Verbs {
			for _, res := range r.Resources {
				allowed[verb+" "+res] = true
			}
		}
	}
	used := map[string]bool{}
	for _, a := range c.Actions() {
		if a.GetNamespace() == "qlp" || a.GetResource().Resource == "runtimeclasses" {
			used[a.GetVerb()+" "+a.GetResource().Resource] = true
		}
	}
	for call := range used {
		if !allowed[call] {
			t.Errorf("the role in deploy/kubernetes does not allow: %s", call)
		}
	}
	if len(used) < 5 {
		t.Errorf("only %v were called", used)
	}
}

// rules are those of every role in the manifests, all of which must be well formed.
func rules(t *testing.T) []rbacv1.PolicyRule {
	t.Helper()
	var out []rbacv1.PolicyRule
	paths, err := filepath.Glob(filepath.Join("..", "..", "..", "deploy", "kubernetes", "*.yaml"))
	if err != nil || len(paths) == 0 {
		t.Fatal("no manifests", err)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for doc := range bytes.SplitSeq(text, []byte("\n---\n")) {
			var kind metav1.TypeMeta
			if err := yaml.Unmarshal(doc, &kind); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			into := map[string]any{
				"Namespace": &corev1.Namespace{}, "ServiceAccount": &corev1.ServiceAccount{}, "Role": &rbacv1.Role{}, "RoleBinding": &rbacv1.RoleBinding{},
				"ClusterRole": &rbacv1.ClusterRole{}, "ClusterRoleBinding": &rbacv1.ClusterRoleBinding{},
				"NetworkPolicy": &networkingv1.NetworkPolicy{}, "RuntimeClass": &nodev1.RuntimeClass{}, "ResourceQuota": &corev1.ResourceQuota{},
			}[kind.Kind]
			if into == nil {
				t.Fatalf("%s holds a %q, of which nothing is known here", path, kind.Kind)
			}
			if err := yaml.UnmarshalStrict(doc, into); err != nil {
				t.Errorf("%s: %s: %v", path, kind.Kind, err)
			}
			switch r := into.(type) {
			case *rbacv1.Role:
				out = append(out, r.Rules...)
			case *rbacv1.ClusterRole:
				out = append(out, r.Rules...)
			case *networkingv1.NetworkPolicy:
				if r.Name != Policy || len(r.Spec.Egress) != 0 || !slices.Contains(r.Spec.PolicyTypes, networkingv1.PolicyTypeEgress) || !slices.Contains(r.Spec.PolicyTypes, networkingv1.PolicyTypeIngress) || r.Spec.PodSelector.MatchLabels[labelSandbox] != "true" {
					t.Errorf("the policy lets sandboxes out: %+v", r.Spec)
				}
			}
		}
	}
	return out
}

// TestTroubles holds what is said when the cluster refuses, and that nothing is left then.
func TestTroubles(t *testing.T) {
	t.Parallel()
	gr := schema.GroupResource{Group: "batch", Resource: "jobs"}
	waiting := func(reason string) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			p.Status = corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "no such image"}}}}}
		}
	}
	for name, c := range map[string]struct {
		refuse error
		pod    func(*corev1.Pod)
		says   string
		remedy string
	}{
		"forbidden":     {apierrors.NewForbidden(gr, "x", errors.New("no role")), nil, "no role", "kubectl apply"},
		"quota":         {apierrors.NewForbidden(gr, "x", errors.New("exceeded quota: sandboxes")), nil, "exceeded quota", "raise the namespace's quota"},
		"invalid":       {apierrors.NewInvalid(schema.GroupKind{Kind: "Job"}, "x", nil), nil, "invalid", ""},
		"no server":     {errors.New("connection refused"), nil, "connection refused", "API server"},
		"no image":      {nil, waiting("ImagePullBackOff"), "image cannot be had: no such image", "kubernetes_images"},
		"a wrong image": {nil, waiting("RunContainerError"), "cannot start", "make sandbox-images"},
		"failed":        {nil, func(p *corev1.Pod) { p.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted"} }, "Evicted", "logs"},
		"no node": {nil, func(p *corev1.Pod) {
			p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/3 nodes are available"}}
		}, "0/3 nodes", "describe"},
		"not ready":      {nil, func(p *corev1.Pod) { p.Status.Phase = corev1.PodPending }, "not ready after", "describe"},
		"nobody answers": {nil, ready("10.0.0.7"), "nobody speaks there", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newCluster(t, policyObject())
			k.config.Patience = time.Second
			if c.pod != nil {
				k.pod = c.pod
			}
			if c.refuse != nil {
				k.PrependReactor("create", "jobs", func(k8stesting.Action) (bool, runtime.Object, error) { return true, nil, c.refuse })
			}
			_, err := k.driver(t).Create(t.Context(), sandbox.Spec{})
			if err == nil || !strings.Contains(err.Error(), c.says) || !strings.Contains(qlp.RemedyOf(err), c.remedy) {
				t.Errorf("%v; %s", err, qlp.RemedyOf(err))
			}
			k.nothingLeft(t)
		})
	}
}

// TestRefuses holds what is refused before anything starts.
func TestRefuses(t *testing.T) {
	t.Parallel()
	d := newCluster(t, policyObject()).driver(t)
	for name, c := range map[string]struct {
		spec sandbox.Spec
		says string
	}{
		"a strong wall": {sandbox.Spec{Isolation: sandbox.LevelGVisor}, "isolated by namespaces"},
		"no such wall":  {sandbox.Spec{Isolation: "thick"}, "no isolation level"},
		"all limits":    {sandbox.Spec{Require: true}, "pids"},
		"a mount":       {sandbox.Spec{Mounts: []sandbox.Mount{{HostPath: "/etc"}}}, "pods see nothing of it"},
		"a stack":       {sandbox.Spec{Stack: "cobol"}, "no image"},
	} {
		if _, err := d.Create(t.Context(), c.spec); err == nil || !strings.Contains(err.Error(), c.says) || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: %v; %s", name, err, qlp.RemedyOf(err))
		}
	}
	good := newCluster(t).config
	for name, c := range map[string]struct {
		change  func(*Config)
		objects []runtime.Object
		says    string
	}{
		"no policy":        {func(*Config) {}, nil, "no network policy"},
		"no runtime class": {func(c *Config) { c.RuntimeClass = "gvisor" }, []runtime.Object{policyObject()}, "no runtime class"},
		"no namespace":     {func(c *Config) { c.Namespace = "" }, nil, "needs a namespace"},
		"a moving image":   {func(c *Config) { c.Images = map[string]string{"": "qlp:latest"} }, nil, "not named by its digest"},
	} {
		cfg := good
		c.change(&cfg)
		if _, err := newDriver(t.Context(), slog.New(slog.DiscardHandler), cfg, asked{fake.NewClientset(c.objects...)}, sandboxdPort); err == nil || !strings.Contains(err.Error(), c.says) || qlp.RemedyOf(err) == "" {
			t.Errorf("%s: %v; %s", name, err, qlp.RemedyOf(err))
		}
	}
	strong := good
	strong.RuntimeClass = "gvisor"
	k, err := newDriver(t.Context(), slog.New(slog.DiscardHandler), strong, asked{fake.NewClientset(policyObject(), &nodev1.RuntimeClass{ObjectMeta: metav1.ObjectMeta{Name: "gvisor"}})}, sandboxdPort)
	if err != nil || k.cfg.Level != sandbox.LevelGVisor {
		t.Errorf("%+v %v", k, err)
	}
}

// TestTokensAreSecret: a token is in its secret and nowhere else.
func TestTokensAreSecret(t *testing.T) {
	t.Parallel()
	c := newCluster(t, policyObject())
	c.pod = ready("10.0.0.7")
	var token string
	c.config.Connect = func(_ context.Context, address, given string) (sandbox.Driver, error) {
		token = given
		if address != fmt.Sprintf("http://10.0.0.7:%d", sandboxdPort) {
			t.Errorf("address %s", address)
		}
		return nil, errors.New("enough")
	}
	if _, err := c.driver(t).Create(t.Context(), sandbox.Spec{}); err == nil || strings.Contains(err.Error(), token) || len(token) < 40 {
		t.Fatalf("%v, token of %d letters", err, len(token))
	}
	for _, a := range c.Actions() {
		create, ok := a.(k8stesting.CreateAction)
		if !ok || a.GetResource().Resource == "secrets" {
			continue
		}
		if text, err := json.Marshal(create.GetObject()); err != nil || bytes.Contains(text, []byte(token)) {
			t.Errorf("the token is in a %s: %v", a.GetResource().Resource, err)
		}
	}
}
