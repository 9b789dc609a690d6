package fetcher

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/egress"
)

const askTime = 30 * time.Second

// registries is what this machine's own tools are configured to use.
type registries struct {
	rules egress.Rules
	env   map[string]string
}

// registries asks the manager's sources. An address with a password is refused: it could not be kept from the sandbox.
func (m Manager) registries(ctx context.Context) (registries, error) {
	r := registries{env: map[string]string{}}
	for _, s := range m.Sources {
		text, err := ask(ctx, s.Argv)
		if err != nil {
			return registries{}, qlp.Errorf(qlp.Unavailable, "find the registries of %s: %w", m.Title, err).WithRemedy("%s", m.Tools[0].Remedy)
		}
		var kept []string
		for _, word := range strings.FieldsFunc(text, func(c rune) bool { return strings.ContainsRune(" ,|\t\r\n", c) }) {
			word = strings.TrimPrefix(word, "sparse+")
			if word == "direct" || word == "off" { // straight from where the author keeps it: not through this door
				continue
			}
			if err := r.allow(word); err != nil {
				return registries{}, err
			}
			kept = append(kept, word)
			if s.Index != "" {
				if err := r.follow(ctx, word, s.Index); err != nil {
					return registries{}, err
				}
			}
		}
		if s.Env != "" && len(kept) > 0 {
			r.env[s.Env] = strings.Join(kept, ",")
		}
	}
	return r, nil
}

// allow adds a registry: https://host/path, http://host:port/path, or a bare host.
func (r *registries) allow(word string) error {
	if !strings.Contains(word, "://") {
		word = "https://" + word
	}
	u, err := url.Parse(word)
	if err != nil || u.Hostname() == "" {
		return qlp.Errorf(qlp.Invalid, "a configured registry is not an address").WithRemedy("look at the settings of the package manager on this machine")
	}
	if u.User != nil {
		return qlp.Errorf(qlp.Invalid, "the registry at %s is configured with a password, which may not enter a sandbox", u.Hostname()).
			WithRemedy("use a mirror that needs none from this machine, or add the packages to the project")
	}
	// What this machine itself is set to use may lie at a private address: a company's mirror does.
	switch u.Scheme {
	case "http":
		r.rules.Plain = append(r.rules.Plain, hostPort(u, "80"))
		r.rules.Private = append(r.rules.Private, hostPort(u, "80"))
	case "https":
		r.rules.Private = append(r.rules.Private, hostPort(u, "443"))
	default:
		return qlp.Errorf(qlp.Invalid, "a registry is configured with the scheme %.20q", u.Scheme).WithRemedy("use http or https")
	}
	return nil
}

func hostPort(u *url.URL, standard string) string {
	port := u.Port()
	if port == "" {
		port = standard
	}
	return net.JoinHostPort(u.Hostname(), port)
}

// follow reads a cargo index's config.json, on this side, and allows the address that it names.
func (r *registries) follow(ctx context.Context, index, key string) error {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(index, "/")+"/config.json", nil)
	if err != nil {
		return fmt.Errorf("read index: %w", err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return qlp.Errorf(qlp.Unavailable, "read the registry's index: %w", err).WithRemedy("look at this machine's network")
	}
	defer res.Body.Close()
	var config map[string]any
	if err := json.NewDecoder(io.LimitReader(res.Body, 64<<10)).Decode(&config); err != nil || res.StatusCode != http.StatusOK {
		return qlp.Errorf(qlp.Unavailable, "the registry's index answers %s", res.Status).WithRemedy("try again later")
	}
	if at, ok := config[key].(string); ok && at != "" {
		return r.allow(at)
	}
	return nil
}

// ask runs a tool outside any project.
func ask(ctx context.Context, argv []string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, askTime, errors.New("no answer in time"))
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...) //nolint:gosec // our own data, not a caller's words
	cmd.Dir = "/"
	cmd.WaitDelay = time.Second
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s: %w: %.200s", argv[0], err, strings.TrimSpace(stderr.String()))
	}
	return stdout.String(), nil
}
