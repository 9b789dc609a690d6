package fetcher

import (
	"context"
	"maps"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/egress"
	"github.com/quantumlayer/qlp/internal/stack"
)

// Door returns a proxy to the registries of every package manager that is on this machine and that wanted lets through, and
// the environment that tells the package managers of them. With none there is nothing to open a door to, which is an
// unavailable error.
func Door(ctx context.Context, hosts []string, wanted func(Manager) bool) (*egress.Proxy, map[string]string, error) {
	all, err := Managers()
	if err != nil {
		return nil, nil, err
	}
	rules, env := egress.Rules{Hosts: slices.Clone(hosts)}, map[string]string{}
	found := len(hosts)
	for _, m := range all {
		if !wanted(m) {
			continue
		}
		if _, err := stack.Locate(ctx, qlp.Stack{Name: m.Name, Tools: m.Tools}); err != nil {
			continue // not on this machine, so nothing is configured for it
		}
		r, err := m.registries(ctx)
		if err != nil {
			return nil, nil, err
		}
		found++
		rules.Plain, rules.Private = append(rules.Plain, r.rules.Plain...), append(rules.Private, r.rules.Private...)
		maps.Copy(env, r.env)
	}
	if found == 0 {
		return nil, nil, qlp.Errorf(qlp.Unavailable, "no package manager that could fetch anything is on this machine").WithRemedy("install one: go, npm, pip, cargo or mvn")
	}
	proxy, err := egress.New(rules, nil, nil)
	return proxy, env, err
}
