package kubernetes

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	nodev1 "k8s.io/api/node/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"
)

// api is what the driver asks of the API server: what its role allows, and nothing else.
type api interface {
	CreateJob(ctx context.Context, job *batchv1.Job) (*batchv1.Job, error)
	DeleteJob(ctx context.Context, namespace, name string, o metav1.DeleteOptions) error
	CreateSecret(ctx context.Context, s *corev1.Secret) error
	Pods(ctx context.Context, namespace, selector string) ([]corev1.Pod, error)
	HasPolicy(ctx context.Context, namespace, name string) error
	HasRuntimeClass(ctx context.Context, name string) error
}

// server is the API server, over client-go's transport. Its generated clientset would bring every kind of object that Kubernetes knows into
// the binary, which is 20 MiB; these are the four groups that are used.
type server struct{ batch, core, networking, node rest.Interface }

func connect(where *rest.Config) (*server, error) {
	known := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{batchv1.AddToScheme, corev1.AddToScheme, networkingv1.AddToScheme, nodev1.AddToScheme} {
		if err := add(known); err != nil {
			return nil, fmt.Errorf("know the cluster's objects: %w", err)
		}
	}
	metav1.AddToGroupVersion(known, schema.GroupVersion{Version: "v1"})
	codecs := serializer.NewCodecFactory(known).WithoutConversion()
	s := &server{}
	for _, g := range []struct {
		group  schema.GroupVersion
		path   string
		client *rest.Interface
	}{
		{batchv1.SchemeGroupVersion, "/apis", &s.batch},
		{corev1.SchemeGroupVersion, "/api", &s.core},
		{networkingv1.SchemeGroupVersion, "/apis", &s.networking},
		{nodev1.SchemeGroupVersion, "/apis", &s.node},
	} {
		cfg := rest.CopyConfig(where)
		cfg.GroupVersion, cfg.APIPath, cfg.NegotiatedSerializer = &g.group, g.path, codecs
		cfg.UserAgent = "qlp"
		client, err := rest.RESTClientFor(cfg)
		if err != nil {
			return nil, fmt.Errorf("use the cluster: %w", err)
		}
		*g.client = client
	}
	return s, nil
}

// CreateJob implements api.
func (s *server) CreateJob(ctx context.Context, job *batchv1.Job) (*batchv1.Job, error) {
	made := &batchv1.Job{}
	return made, s.batch.Post().Namespace(job.Namespace).Resource("jobs").Body(job).Do(ctx).Into(made)
}

// DeleteJob implements api.
func (s *server) DeleteJob(ctx context.Context, namespace, name string, o metav1.DeleteOptions) error {
	return s.batch.Delete().Namespace(namespace).Resource("jobs").Name(name).Body(&o).Do(ctx).Error()
}

// CreateSecret implements api.
func (s *server) CreateSecret(ctx context.Context, secret *corev1.Secret) error {
	return s.core.Post().Namespace(secret.Namespace).Resource("secrets").Body(secret).Do(ctx).Error()
}

// Pods implements api.
func (s *server) Pods(ctx context.Context, namespace, selector string) ([]corev1.Pod, error) {
	list := &corev1.PodList{}
	err := s.core.Get().Namespace(namespace).Resource("pods").Param("labelSelector", selector).Do(ctx).Into(list)
	return list.Items, err
}

// HasPolicy implements api.
func (s *server) HasPolicy(ctx context.Context, namespace, name string) error {
	return s.networking.Get().Namespace(namespace).Resource("networkpolicies").Name(name).Do(ctx).Into(&networkingv1.NetworkPolicy{})
}

// HasRuntimeClass implements api.
func (s *server) HasRuntimeClass(ctx context.Context, name string) error {
	return s.node.Get().Resource("runtimeclasses").Name(name).Do(ctx).Into(&nodev1.RuntimeClass{})
}
