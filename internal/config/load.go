package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v4"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// FileName is the settings file that is looked for in the current folder when none is named.
const FileName = "qlp.yaml"

// Sources are where settings come from, besides the defaults.
type Sources struct {
	File  string            // a file that must exist; "" looks for FileName and goes on without it
	Env   []string          // as os.Environ gives it
	Flags map[string]string // by key, those that were given
}

// Load merges the sources and checks the result.
func Load(s Sources) (Config, error) {
	c := Default()
	file, err := readFile(s.File)
	if err != nil {
		return Config{}, err
	}
	for _, source := range []struct {
		name   string
		values map[string]string
	}{{"the settings file", file}, {"the environment", fromEnv(s.Env)}, {"the flags", s.Flags}} {
		if err := c.apply(source.name, source.values); err != nil {
			return Config{}, err
		}
	}
	if c.DataDir == "" {
		c.DataDir = defaultDataDir()
	}
	if c.DataDir, err = filepath.Abs(c.DataDir); err != nil {
		return Config{}, fmt.Errorf("find data folder: %w", err)
	}
	if c.SharedDir != "" {
		if c.SharedDir, err = filepath.Abs(c.SharedDir); err != nil {
			return Config{}, fmt.Errorf("find shared folder: %w", err)
		}
	}
	return c, c.check()
}

func (c *Config) apply(source string, values map[string]string) error {
	keys := keysOf(c)
	for name, text := range values {
		i := slices.IndexFunc(keys, func(k Key) bool { return k.Name == name })
		if i < 0 {
			return qlp.Errorf(qlp.Invalid, "%s has the unknown setting %q", source, name).
				WithRemedy("did you mean %s? The settings are listed in docs/guide/settings.md", nearest(name))
		}
		if err := keys[i].set(text); err != nil {
			return err
		}
	}
	return nil
}

// check refuses values that parse and still cannot be meant.
func (c *Config) check() error {
	oneOf := func(key, value string, allowed ...string) error {
		if slices.Contains(allowed, value) {
			return nil
		}
		return qlp.Errorf(qlp.Invalid, "setting %s is %q", key, value).WithRemedy("use one of: %s", strings.Join(allowed, ", "))
	}
	if err := c.checkServing(); err != nil {
		return err
	}
	for _, n := range []struct {
		key        string
		value, min int
	}{
		{"parallel", c.Parallel, 1},
		{"validations", c.Validations, 1},
		{"wall_seconds", c.WallSeconds, 1},
		{"sandbox_seconds", c.SandboxSeconds, 1},
		{"repairs", c.Repairs, -1},
		{"database_conns", c.DatabaseConns, 4},
		{"run_tokens", c.RunTokens, 0},
		{"run_calls", c.RunCalls, 0},
		{"run_model_seconds", c.RunModelSeconds, 0},
		{"task_tokens", c.TaskTokens, 0},
		{"task_calls", c.TaskCalls, 0},
		{"task_model_seconds", c.TaskModelSeconds, 0},
	} {
		if n.value < n.min {
			return qlp.Errorf(qlp.Invalid, "setting %s is %d; the least is %d", n.key, n.value, n.min).WithRemedy("raise it or leave it out")
		}
	}
	if err := oneOf("log_level", c.LogLevel, "debug", "info", "warn", "error"); err != nil {
		return err
	}
	if err := oneOf("database_auth", c.DatabaseAuth, AuthPassword, AuthEntra); err != nil {
		return err
	}
	return oneOf("log_format", c.LogFormat, "text", "json")
}

func fromEnv(environ []string) map[string]string {
	out := map[string]string{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		rest, ok := strings.CutPrefix(name, "QLP_")
		if ok && value != "" && !notSetting(rest) { // an empty variable is one that is not set
			out[strings.ToLower(rest)] = value
		}
	}
	return out
}

// notSetting tells variables that are read elsewhere: tokens, which never come through a file or a flag, and what tests are told.
func notSetting(name string) bool {
	return name == "TOKEN" || name == "EXECUTOR_TOKEN" || strings.HasPrefix(name, "TEST_")
}

func readFile(path string) (map[string]string, error) {
	required := path != ""
	if !required {
		path = FileName
	}
	b, err := os.ReadFile(path) //nolint:gosec // the file that the person named
	if errors.Is(err, fs.ErrNotExist) && !required {
		return nil, nil
	}
	if err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "the settings file cannot be read: %w", err).WithRemedy("name another with --config")
	}
	var raw map[string]yaml.Node
	if err := yaml.Unmarshal(b, &raw); err != nil {
		return nil, qlp.Errorf(qlp.Invalid, "the settings file %s is not valid YAML: %v", path, err).WithRemedy("write one `key: value` a line")
	}
	values := make(map[string]string, len(raw))
	for k, v := range raw {
		if v.Kind != yaml.ScalarNode {
			return nil, qlp.Errorf(qlp.Invalid, "setting %.60q in %s at line %d is not one value", k, path, v.Line).WithRemedy("write one `key: value` a line")
		}
		values[k] = v.Value
	}
	return values, nil
}

func nearest(name string) string {
	best := slices.MinFunc(Keys(), func(a, b Key) int {
		return levenshtein.ComputeDistance(name, a.Name) - levenshtein.ComputeDistance(name, b.Name)
	})
	return best.Name
}
