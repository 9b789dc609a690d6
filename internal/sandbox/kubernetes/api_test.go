package kubernetes

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

// asked is client-go's fake clientset as the driver asks it.
type asked struct{ c *fake.Clientset }

func (a asked) CreateJob(ctx context.Context, job *batchv1.Job) (*batchv1.Job, error) {
	return a.c.BatchV1().Jobs(job.Namespace).Create(ctx, job, metav1.CreateOptions{})
}

func (a asked) DeleteJob(ctx context.Context, namespace, name string, o metav1.DeleteOptions) error {
	return a.c.BatchV1().Jobs(namespace).Delete(ctx, name, o)
}

func (a asked) CreateSecret(ctx context.Context, s *corev1.Secret) error {
	_, err := a.c.CoreV1().Secrets(s.Namespace).Create(ctx, s, metav1.CreateOptions{})
	return err
}

func (a asked) Pods(ctx context.Context, namespace, selector string) ([]corev1.Pod, error) {
	list, err := a.c.CoreV1().Pods(namespace).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	return list.Items, nil
}

func (a asked) HasPolicy(ctx context.Context, namespace, name string) error {
	_, err := a.c.NetworkingV1().NetworkPolicies(namespace).Get(ctx, name, metav1.GetOptions{})
	return err
}

func (a asked) HasRuntimeClass(ctx context.Context, name string) error {
	_, err := a.c.NodeV1().RuntimeClasses().Get(ctx, name, metav1.GetOptions{})
	return err
}

// TestServer holds the requests that go over the wire against what the API server documents, and its refusals.
func TestServer(t *testing.T) {
	t.Parallel()
	var got []string
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.RequestURI())
		w.Header().Set("Content-Type", "application/json")
		switch {
		case strings.HasSuffix(r.URL.Path, "/runtimeclasses/none"):
			w.WriteHeader(http.StatusNotFound)
			_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404,"message":"it is not there"}`))
		case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/pods"):
			_, _ = w.Write([]byte(`{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"p"},"status":{"podIP":"10.0.0.7"}}]}`))
		case r.Method == http.MethodGet:
			kind := map[bool]string{true: `{"kind":"NetworkPolicy","apiVersion":"networking.k8s.io/v1"}`, false: `{"kind":"RuntimeClass","apiVersion":"node.k8s.io/v1","handler":"runsc"}`}
			_, _ = w.Write([]byte(kind[strings.Contains(r.URL.Path, "networkpolicies")]))
		case r.Method == http.MethodDelete:
			var o metav1.DeleteOptions
			if json.Unmarshal(body, &o) != nil || o.PropagationPolicy == nil || *o.PropagationPolicy != metav1.DeletePropagationBackground {
				t.Errorf("deleted with %s", body)
			}
			_, _ = w.Write([]byte(`{"kind":"Status","apiVersion":"v1","status":"Success"}`))
		default:
			if !json.Valid(body) || !strings.Contains(string(body), `"apiVersion"`) {
				t.Errorf("%s: %.200s", r.URL.Path, body)
			}
			_, _ = w.Write(body)
		}
	}))
	defer front.Close()
	s, err := connect(&rest.Config{Host: front.URL})
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	made, err := s.CreateJob(ctx, job(Config{Namespace: "n"}, "j", image, sandboxdPort, sandbox.DefaultLimits()))
	if err != nil || made.Name != "j" || len(made.Spec.Template.Spec.Containers) != 1 {
		t.Fatalf("%+v %v", made, err)
	}
	if err := s.CreateSecret(ctx, secret(made, "t")); err != nil {
		t.Error(err)
	}
	if pods, err := s.Pods(ctx, "n", "a=b"); err != nil || len(pods) != 1 || pods[0].Status.PodIP != "10.0.0.7" {
		t.Errorf("%+v %v", pods, err)
	}
	if err := s.HasPolicy(ctx, "n", Policy); err != nil {
		t.Error(err)
	}
	if err := s.HasRuntimeClass(ctx, "gvisor"); err != nil {
		t.Error(err)
	}
	if err := s.HasRuntimeClass(ctx, "none"); !apierrors.IsNotFound(err) {
		t.Errorf("%v", err)
	}
	if err := s.DeleteJob(ctx, "n", "j", metav1.DeleteOptions{PropagationPolicy: ptr(metav1.DeletePropagationBackground)}); err != nil {
		t.Error(err)
	}
	want := []string{
		"POST /apis/batch/v1/namespaces/n/jobs", "POST /api/v1/namespaces/n/secrets", "GET /api/v1/namespaces/n/pods?labelSelector=a%3Db",
		"GET /apis/networking.k8s.io/v1/namespaces/n/networkpolicies/" + Policy, "GET /apis/node.k8s.io/v1/runtimeclasses/gvisor",
		"GET /apis/node.k8s.io/v1/runtimeclasses/none", "DELETE /apis/batch/v1/namespaces/n/jobs/j",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("requests:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
