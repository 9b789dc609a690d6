package app

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/config"
	"github.com/quantumlayer/qlp/internal/fetcher"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// packages fetches for the validator.
type packages struct {
	fetcher   *fetcher.Fetcher
	elsewhere bool
}

// Fetch implements validator.Packages.
func (p packages) Fetch(ctx context.Context, st qlp.Stack, files []qlp.File) (validator.Supplies, error) {
	managers, err := fetcher.Managers()
	if err != nil {
		return validator.Supplies{}, err
	}
	s := validator.Supplies{Env: map[string]string{}}
	for _, m := range managers {
		if !slices.Contains(st.Packages, m.Name) || !m.Wanted(files) {
			continue
		}
		if p.elsewhere {
			s.Missing = "packages are fetched on this machine, and its sandboxes are on another, where they cannot be seen yet"
			return s, nil
		}
		r, err := p.fetcher.FetchWith(ctx, m, files)
		switch {
		case ctx.Err() != nil:
			return s, context.Cause(ctx)
		case qlp.CodeOf(err) == qlp.Unavailable:
			s.Missing = strings.TrimSuffix(fmt.Sprintf("%v; %s", err, qlp.RemedyOf(err)), "; ")
			return s, nil
		case err != nil:
			return s, fmt.Errorf("fetch %s: %w", m.Title, err)
		}
		report, err := json.MarshalIndent(struct {
			Manager string `json:"manager"`
			Key     string `json:"key"` // the digest of what was asked for
			Failure string `json:"failure,omitempty"`
			fetcher.Account
		}{r.Manager, r.Key, r.Failure, r.Account}, "", "  ")
		if err != nil {
			return s, fmt.Errorf("tell of the packages: %w", err)
		}
		s.Reports = append(s.Reports, qlp.File{Path: "packages/" + r.Manager + ".json", Content: append(report, '\n')})
		if r.Failure != "" {
			s.Missing = r.Failure
			return s, nil
		}
		s.Mounts = append(s.Mounts, r.Mounts...)
		maps.Copy(s.Env, r.Env)
		s.Added = append(s.Added, r.Locks...)
	}
	return s, nil
}

// hostList is what the operator allows besides the registries.
func hostList(cfg config.Config) []string {
	var hosts []string
	for h := range strings.SplitSeq(cfg.FetchHosts, ",") {
		if h = strings.TrimSpace(h); h != "" {
			hosts = append(hosts, h)
		}
	}
	return hosts
}
