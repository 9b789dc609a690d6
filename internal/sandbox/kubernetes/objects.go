package kubernetes

import (
	"strconv"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

// The labels of everything that the driver makes. The network policy goes by labelSandbox.
const (
	labelSandbox = "qlp.dev/sandbox"
	labelName    = "qlp.dev/name"
)

const (
	sandboxdPort = 8090
	insideUser   = 10001
	tokenFolder  = "/run/qlp"
	tokenFile    = "token"

	// slack is what the pod may have beyond one command: the sandboxd and the init.
	slackMemory = 192 * sandbox.MiB
)

func labels(name string) map[string]string {
	return map[string]string{labelSandbox: "true", labelName: name}
}

func ptr[T any](v T) *T { return &v }

// job is the whole policy of a sandbox's pod.
func job(cfg Config, name, image string, port int, l sandbox.Limits) *batchv1.Job {
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: cfg.Namespace, Labels: labels(name)},
		Spec: batchv1.JobSpec{
			BackoffLimit: ptr(int32(0)), Completions: ptr(int32(1)), Parallelism: ptr(int32(1)),
			ActiveDeadlineSeconds: ptr(int64(cfg.Life / time.Second)), TTLSecondsAfterFinished: ptr(int32(0)),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels(name)},
				Spec:       podSpec(cfg, name, image, port, l),
			},
		},
	}
}

func podSpec(cfg Config, name, image string, port int, l sandbox.Limits) corev1.PodSpec {
	memory := resource.NewQuantity(l.Memory+l.Disk+slackMemory, resource.BinarySI)
	take := corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewMilliQuantity(max(int64(l.CPUs*1000), 10), resource.DecimalSI),
		corev1.ResourceMemory:           *memory,
		corev1.ResourceEphemeralStorage: resource.MustParse("64Mi"),
	}
	spec := corev1.PodSpec{
		RestartPolicy: corev1.RestartPolicyNever, TerminationGracePeriodSeconds: ptr(int64(0)),
		AutomountServiceAccountToken: ptr(false), EnableServiceLinks: ptr(false), HostUsers: ptr(false),
		DNSPolicy: corev1.DNSNone, DNSConfig: &corev1.PodDNSConfig{Nameservers: []string{"127.0.0.1"}},
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot: ptr(true), RunAsUser: ptr(int64(insideUser)), RunAsGroup: ptr(int64(insideUser)), FSGroup: ptr(int64(insideUser)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name: "sandbox", Image: image, ImagePullPolicy: corev1.PullIfNotPresent,
			Command: []string{"/qlp/bin/qlp", "sandboxd", "--driver", "process", "--listen", "0.0.0.0:" + strconv.Itoa(port), "--token-file", tokenFolder + "/" + tokenFile},
			Env:     []corev1.EnvVar{{Name: "HOME", Value: "/tmp"}, {Name: "XDG_RUNTIME_DIR", Value: "/tmp"}},
			Ports:   []corev1.ContainerPort{{Name: "sandboxd", ContainerPort: int32(port)}},
			ReadinessProbe: &corev1.Probe{
				ProbeHandler:  corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/healthz", Port: intstr.FromInt32(int32(port))}},
				PeriodSeconds: 1, FailureThreshold: 120,
			},
			Resources: corev1.ResourceRequirements{Limits: take, Requests: take},
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: ptr(false), ReadOnlyRootFilesystem: ptr(true), Privileged: ptr(false),
				Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
			VolumeMounts: []corev1.VolumeMount{{Name: "tmp", MountPath: "/tmp"}, {Name: "token", MountPath: tokenFolder, ReadOnly: true}},
		}},
		Volumes: []corev1.Volume{
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
				Medium: corev1.StorageMediumMemory, SizeLimit: resource.NewQuantity(l.Disk+16*sandbox.MiB, resource.BinarySI),
			}}},
			{Name: "token", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: name, DefaultMode: ptr(int32(0o440))}}},
		},
	}
	if cfg.RuntimeClass != "" {
		spec.RuntimeClassName = ptr(cfg.RuntimeClass)
	}
	return spec
}

// secret holds the token of one pod's sandboxd. It goes with the job.
func secret(owner *batchv1.Job, token string) *corev1.Secret {
	return &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Name: owner.Name, Namespace: owner.Namespace, Labels: labels(owner.Name),
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "batch/v1", Kind: "Job", Name: owner.Name, UID: owner.UID, BlockOwnerDeletion: ptr(true), Controller: ptr(true)}},
		},
		Type: corev1.SecretTypeOpaque, Immutable: ptr(true), Data: map[string][]byte{tokenFile: []byte(token)},
	}
}
