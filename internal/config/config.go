// Package config reads the settings of a qlp process from flags, the environment, a file and the defaults, in this order
// of precedence.
//
// It never opens what it names, and never keeps a value that it does not understand: an unknown key is refused together
// with the nearest right one.
//
// Arrows: qlp and the YAML library. Only app and cli import it; everything else is given what it needs.
package config

import (
	"os"
	"path/filepath"
	"time"
)

// Config holds every setting. The tags are the one place that names them: the flags, the environment variables (QLP_ and
// the key in capitals), the file's keys and the table in the documentation come from here.
type Config struct {
	DataDir                string        `key:"data" doc:"folder of the database, blobs, caches and keys" default:""`
	DatabaseURL            Secret        `key:"database_url" doc:"address of a PostgreSQL database with pgvector, postgres://user:password@host/database?sslmode=verify-full; empty means SQLite in the data folder" default:""`
	DatabaseAuth           string        `key:"database_auth" doc:"how to sign in there: password (the address's own), or entra (a token of this machine's Azure identity)" default:"password"`
	DatabaseConns          int           `key:"database_conns" doc:"connections that a process opens there at most, besides one that listens" default:"16"`
	DatabaseTimeout        time.Duration `key:"database_timeout" doc:"time that a statement may take there" default:"15s"`
	SharedDir              string        `key:"shared" doc:"folder of the blobs, the signing keys, the token and providers.yaml, which every replica of one database shares; without it, the data folder" default:""`
	Tenant                 string        `key:"tenant" doc:"whose intents this process takes in and shows" default:"default"`
	Roles                  string        `key:"roles" doc:"what qlp serve does: api takes intents in and shows them, worker runs them" default:"api,worker"`
	Server                 string        `key:"server" doc:"address of the server that commands talk to, for example http://127.0.0.1:8080; empty means the one on the data folder, or none" default:""`
	ServerTokenFile        string        `key:"server_token_file" doc:"file with that server's token; without it, the variable QLP_TOKEN" default:""`
	Listen                 string        `key:"listen" doc:"address of the API; beyond loopback only together with hosts" default:"127.0.0.1:8080"`
	Hosts                  string        `key:"hosts" doc:"names under which the API may be called besides localhost, with commas between: those of the proxy in front of it" default:""`
	LogLevel               string        `key:"log_level" doc:"debug, info, warn or error" default:"info"`
	LogFormat              string        `key:"log_format" doc:"text or json" default:"text"`
	DefaultStack           string        `key:"default_stack" doc:"stack of an intent that names none" default:"go"`
	Parallel               int           `key:"parallel" doc:"tasks that are worked on at a time" default:"4"`
	Validations            int           `key:"validations" doc:"projects that are built and tested at a time" default:"2"`
	WallSeconds            int           `key:"wall_seconds" doc:"cap on a run, in seconds from its first task to its verdict" default:"900"`
	SandboxSeconds         int           `key:"sandbox_seconds" doc:"cap on the time that a run's commands spend in sandboxes, in seconds" default:"900"`
	Repairs                int           `key:"repairs" doc:"repair attempts of a run; -1 means none" default:"3"`
	RunUSD                 USD           `key:"run_usd" doc:"cap on what models may cost in a run, in dollars; 0 means none" default:"0"`
	RunTokens              int           `key:"run_tokens" doc:"cap on the tokens of a run's model calls, prompts and answers; 0 means none" default:"0"`
	RunCalls               int           `key:"run_calls" doc:"cap on the model calls of a run; 0 means none" default:"0"`
	RunModelSeconds        int           `key:"run_model_seconds" doc:"cap on the time that a run waits for models, added up, in seconds; 0 means none" default:"0"`
	TaskUSD                USD           `key:"task_usd" doc:"cap on what models may cost for one task of a run, in dollars; 0 means none" default:"0"`
	TaskTokens             int           `key:"task_tokens" doc:"cap on the tokens of one task's model calls; 0 means none" default:"0"`
	TaskCalls              int           `key:"task_calls" doc:"cap on the model calls of one task; 0 means none" default:"0"`
	TaskModelSeconds       int           `key:"task_model_seconds" doc:"cap on the time that one task waits for models, in seconds; 0 means none" default:"0"`
	RequireLimits          bool          `key:"require_limits" doc:"refuse to run where a limit of the sandbox cannot be enforced" default:"false"`
	Policy                 string        `key:"policy" doc:"Rego file with the policy, in place of the built-in one" default:""`
	ToolsDir               string        `key:"tools_dir" doc:"folder with optional tools, searched before PATH; without it, a folder tools beside qlp" default:""`
	FetchHosts             string        `key:"fetch_hosts" doc:"hosts that package managers may reach besides the registries that they are configured to use, with commas between" default:""`
	SandboxDriver          string        `key:"sandbox_driver" doc:"how sandboxes are made: native, docker, kubernetes, or process where the machine itself is thrown away after one tenant's job" default:"native"`
	SandboxSpare           int           `key:"sandbox_spare" doc:"sandboxes that the native driver keeps ready ahead of their one use each; they save some ten milliseconds a sandbox, for a MiB or two of memory each" default:"0"`
	DockerHost             string        `key:"docker_host" doc:"address of the container engine of the docker driver; without it, DOCKER_HOST or the usual socket" default:""`
	DockerImages           string        `key:"docker_images" doc:"file that says which image is for which stack; without it, the one that make sandbox-images leaves beside qlp" default:""`
	DockerRuntime          string        `key:"docker_runtime" doc:"runtime of the container engine; without it the engine's default, and gVisor's runsc for whoever asks for that level" default:""`
	Kubeconfig             string        `key:"kubeconfig" doc:"file that names the cluster of the kubernetes driver; without it, the pod's own account, KUBECONFIG or the usual file" default:""`
	KubernetesNamespace    string        `key:"kubernetes_namespace" doc:"namespace of the kubernetes driver's sandboxes" default:"qlp-sandboxes"`
	KubernetesRuntimeClass string        `key:"kubernetes_runtime_class" doc:"runtime class of their pods: one for gVisor or Kata; empty means the cluster's default" default:""`
	KubernetesImages       string        `key:"kubernetes_images" doc:"file that says which image, by its digest, is for which stack" default:""`
	Executors              string        `key:"executors" doc:"addresses of qlp sandboxd on other machines, with commas between; empty means this machine's own sandbox" default:""`
	ExecutorTokenFile      string        `key:"executor_token_file" doc:"file with the executors' token; without it, the variable QLP_EXECUTOR_TOKEN" default:""`
	ExecutorsPlain         bool          `key:"executors_plain" doc:"allow executors without TLS on other machines, where the network itself is private" default:"false"`
	Providers              string        `key:"providers" doc:"file that says which models answer, for which role and within which caps; without it, providers.yaml in the data folder" default:""`
	Embedder               string        `key:"embedder" doc:"what makes the vectors that similar intents are found by: offline, or a model as PROVIDER/MODEL" default:"offline"`
	Record                 string        `key:"record" doc:"folder that every answer of a model is written into, with its request, to be replayed; empty means none" default:""`
	Retention              time.Duration `key:"retention" doc:"how long qlp gc leaves the files and logs of runs without a capsule after the intent's end, for example 720h; 0 means for good" default:"0s"`
	StopDelay              time.Duration `key:"stop_delay" doc:"time between the moment when a stopping server says that it is not ready and the moment when it refuses requests: what a load balancer needs to notice" default:"0s"`
	StopGrace              time.Duration `key:"stop_grace" doc:"time that running jobs get when the server stops" default:"10s"`
}

// Default returns the settings with nothing given.
func Default() Config {
	var c Config
	for _, k := range keysOf(&c) {
		if err := k.set(k.Default); err != nil { // a default that does not parse is a bug in the tags
			panic(err)
		}
	}
	c.DataDir = defaultDataDir()
	return c
}

// defaultDataDir follows the XDG base directories.
func defaultDataDir() string {
	if dir := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "qlp")
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".local", "share", "qlp")
	}
	return ".qlp"
}
