package config

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// ProvidersName is the providers file's name in the data folder.
const ProvidersName = "providers.yaml"

// Models is what the providers file says: who answers, for which role, and within which caps.
type Models struct {
	Path      string              `yaml:"-"` // of the file; also of one that is not there
	Found     bool                `yaml:"-"`
	Providers map[string]Provider `yaml:"providers"`
	Roles     map[string]Choices  `yaml:"roles"`
	Caps      ModelCaps           `yaml:"caps"`
	Prices    map[string]Price    `yaml:"prices"` // of provider/model
	Timeouts  Timeouts            `yaml:"timeouts"`
}

// Provider is one endpoint. Its key is named here, and never stands here.
type Provider struct {
	Kind        string            `yaml:"kind"`
	BaseURL     string            `yaml:"base_url"`
	KeyEnv      string            `yaml:"key_env"`     // the environment variable with the key
	KeyFile     string            `yaml:"key_file"`    // or the file
	APIVersion  string            `yaml:"api_version"` // of Azure OpenAI
	Entra       bool              `yaml:"entra"`       // Azure: a token of the machine's identity in place of a key
	Models      map[string]string `yaml:"models"`      // Azure: deployment → OpenAI's name of the model in it
	Structured  string            `yaml:"structured"`  // how it is held to a JSON Schema: auto, strict, tool or fence; "" is auto
	Concurrency int               `yaml:"concurrency"` // calls at a time; 8
	Dir         string            `yaml:"dir"`         // of replay: the folder of cassettes
}

// The kinds of providers.
const (
	KindOpenAI      = "openai"
	KindAzureOpenAI = "azureopenai"
	KindAnthropic   = "anthropic"
	KindOllama      = "ollama"
	KindCompatible  = "compatible"
	KindBridge      = "bridge"
	KindReplay      = "replay"
)

// ProviderKinds lists them.
func ProviderKinds() []string {
	return []string{KindOpenAI, KindAzureOpenAI, KindAnthropic, KindOllama, KindCompatible, KindBridge, KindReplay}
}

// Choices are a role's models, as provider/model: the first, and its fallbacks. One may stand without a list.
type Choices []string

// UnmarshalYAML reads one or a list.
func (c *Choices) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		*c = Choices{n.Value}
		return nil
	}
	return n.Decode((*[]string)(c))
}

// ModelCaps are the caps of every scope. Those of runs and tasks are what an intent gets that sets none.
type ModelCaps struct {
	Run  Cap `yaml:"run"`
	Task Cap `yaml:"task"`
	Day  Cap `yaml:"day"`  // UTC
	Team Cap `yaml:"team"` // a calendar month, UTC
}

// Cap bounds what models may take. Zero is no bound.
type Cap struct {
	USD     float64 `yaml:"usd"`
	Tokens  int64   `yaml:"tokens"`
	Calls   int64   `yaml:"calls"`
	Seconds int64   `yaml:"seconds"`
}

// Budget is the cap in the units of the ledger.
func (c Cap) Budget() qlp.Budget {
	return qlp.Budget{Micros: micros(c.USD), Tokens: c.Tokens, Calls: c.Calls, Seconds: c.Seconds}
}

// Price in dollars for a million tokens.
type Price struct {
	Input  float64 `yaml:"input"`
	Cached float64 `yaml:"cached"` // of tokens that the endpoint had in its cache; 0 is the input's
	Output float64 `yaml:"output"`
}

// Micros returns the prices in micro-dollars for a million tokens.
func (p Price) Micros() (input, cached, output int64) {
	if p.Cached == 0 {
		p.Cached = p.Input
	}
	return micros(p.Input), micros(p.Cached), micros(p.Output)
}

func micros(usd float64) int64 { return int64(math.Round(usd * 1e6)) }

// Timeouts of a call. Zero is the default.
type Timeouts struct {
	FirstToken time.Duration `yaml:"first_token"` // 2m
	Idle       time.Duration `yaml:"idle"`        // 1m
	Total      time.Duration `yaml:"total"`       // 10m
}

// LoadModels reads the providers file that c names, or the one in the data folder. That one may be missing: then there is no
// provider.
func LoadModels(c Config) (Models, error) {
	path, named := c.Providers, c.Providers != ""
	if !named {
		path = filepath.Join(c.Shared(), ProvidersName)
	}
	b, err := os.ReadFile(path) //nolint:gosec // the file that the person named
	if errors.Is(err, fs.ErrNotExist) && !named {
		return Models{Path: path}, nil
	}
	if err != nil {
		return Models{}, qlp.Errorf(qlp.Invalid, "the providers file cannot be read: %w", err).WithRemedy("name another with --providers")
	}
	m, err := parseModels(b)
	if err != nil {
		return Models{}, qlp.Errorf(qlp.Invalid, "providers file %s: %w", path, err).WithRemedy("%s", remedyOr(err, "see docs/guide/models.md"))
	}
	m.Path, m.Found = path, true
	return m, nil
}

func remedyOr(err error, other string) string {
	if r := qlp.RemedyOf(err); r != "" {
		return r
	}
	return other
}

func parseModels(b []byte) (Models, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(b, &root); err != nil {
		return Models{}, qlp.Errorf(qlp.Invalid, "it is not valid YAML: %v", err)
	}
	var m Models
	if len(root.Content) == 0 {
		return m, nil
	}
	if err := strict(root.Content[0], "", m); err != nil {
		return Models{}, err
	}
	if err := root.Decode(&m); err != nil {
		return Models{}, qlp.Errorf(qlp.Invalid, "%v", err)
	}
	return m, m.check()
}

func (m Models) check() error {
	for _, name := range sorted(m.Providers) {
		if err := m.Providers[name].check(name); err != nil {
			return err
		}
	}
	for _, role := range sorted(m.Roles) {
		if !slices.Contains(Roles(), role) {
			return qlp.Errorf(qlp.Invalid, "there is no role %q", role).WithRemedy("did you mean %s?", closest(role, Roles()))
		}
		for _, choice := range m.Roles[role] {
			if err := m.known(choice); err != nil {
				return fmt.Errorf("role %s: %w", role, err)
			}
		}
	}
	for _, choice := range sorted(m.Prices) {
		if err := m.known(choice); err != nil {
			return fmt.Errorf("prices: %w", err)
		}
		if p := m.Prices[choice]; p.Input < 0 || p.Cached < 0 || p.Output < 0 {
			return qlp.Errorf(qlp.Invalid, "the price of %s is negative", choice)
		}
	}
	for name, c := range map[string]Cap{"run": m.Caps.Run, "task": m.Caps.Task, "day": m.Caps.Day, "team": m.Caps.Team} {
		if c.USD < 0 || c.Tokens < 0 || c.Calls < 0 || c.Seconds < 0 {
			return qlp.Errorf(qlp.Invalid, "the cap of the %s is negative", name).WithRemedy("leave it out for no cap")
		}
	}
	return nil
}

// Roles are the roles that can be given models, in the order of an intent's way.
func Roles() []string { return []string{"interpreter", "planner", "tester", "coder", "reviewer"} }

// known refuses a choice whose provider is not listed.
func (m Models) known(choice string) error {
	provider, model, _ := strings.Cut(choice, "/")
	if model == "" {
		return qlp.Errorf(qlp.Invalid, "%q names no model", choice).WithRemedy("write provider/model")
	}
	if _, ok := m.Providers[provider]; !ok {
		return qlp.Errorf(qlp.Invalid, "%q names the provider %q, which is not listed", choice, provider).
			WithRemedy("did you mean %s?", closest(provider, sorted(m.Providers)))
	}
	return nil
}

func (p Provider) check(name string) error {
	bad := func(remedy, format string, args ...any) error {
		return qlp.Errorf(qlp.Invalid, "provider %s: "+format, append([]any{name}, args...)...).WithRemedy("%s", remedy)
	}
	plainName := regexp.MustCompile(`^[a-z0-9][a-z0-9_.-]*$`)
	variable := regexp.MustCompile(`^[A-Z_][A-Z0-9_]*$`)
	switch {
	case !plainName.MatchString(name):
		return bad("use small letters, digits, dots, dashes", "the name is not plain")
	case !slices.Contains(ProviderKinds(), p.Kind):
		return bad("did you mean "+closest(p.Kind, ProviderKinds())+"?", "there is no kind %q", p.Kind)
	case p.KeyEnv != "" && !variable.MatchString(p.KeyEnv): // not shown: it may be the key itself
		return bad("write the name of the variable, such as OPENAI_API_KEY; a key never stands in the file", "key_env is no name of an environment variable")
	case p.KeyEnv != "" && p.KeyFile != "":
		return bad("keep one of them", "key_env and key_file are both set")
	case p.Entra && p.Kind != KindAzureOpenAI:
		return bad("leave it out", "entra is for azureopenai only")
	case len(p.Models) > 0 && p.Kind != KindAzureOpenAI:
		return bad("leave it out: elsewhere models have their own names", "models is for azureopenai only")
	case !slices.Contains([]string{"", "auto", "strict", "tool", "fence"}, p.Structured):
		return bad("use auto, strict, tool or fence", "structured is %q", p.Structured)
	case p.Kind == KindReplay && p.Dir == "":
		return bad("set dir to a folder of cassettes", "dir is missing")
	case p.BaseURL == "" && slices.Contains([]string{KindAzureOpenAI, KindCompatible, KindBridge}, p.Kind):
		return bad("set base_url, such as http://127.0.0.1:8099/v1", "base_url is missing")
	case p.Concurrency < 0:
		return bad("leave it out for 8", "concurrency is negative")
	}
	if p.BaseURL == "" {
		return nil
	}
	u, err := url.Parse(p.BaseURL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return bad("write it as https://host/path", "base_url is no address")
	}
	if u.User != nil {
		return bad("use key_env or key_file; a key never stands in the file", "base_url holds a user or a password")
	}
	if u.Scheme == "http" && !loopback(u.Hostname()) && (p.KeyEnv != "" || p.KeyFile != "" || p.Entra) {
		return bad("use https", "the key would travel in clear")
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
