package config

import (
	"cmp"
	"net"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// The roles of a server.
const (
	RoleAPI    = "api"
	RoleWorker = "worker"
)

// The ways to sign in to a database.
const (
	AuthPassword = "password"
	AuthEntra    = "entra"
)

// Shared is the folder that the replicas of one database have in common.
func (c Config) Shared() string { return cmp.Or(c.SharedDir, c.DataDir) }

// Has reports whether the server does what a role stands for.
func (c Config) Has(role string) bool { return slices.Contains(list(c.Roles), role) }

// HostNames are the names under which the API may be called besides this machine's own.
func (c Config) HostNames() []string { return list(c.Hosts) }

// list reads values with commas between.
func list(text string) []string {
	var out []string
	for part := range strings.SplitSeq(text, ",") {
		if part = strings.ToLower(strings.TrimSpace(part)); part != "" {
			out = append(out, part)
		}
	}
	return out
}

// checkServing refuses roles that do not exist, and an address that others could reach though nobody said so.
func (c Config) checkServing() error {
	roles := list(c.Roles)
	for _, r := range roles {
		if r != RoleAPI && r != RoleWorker {
			return qlp.Errorf(qlp.Invalid, "setting roles names %.40q, which is no role", r).WithRemedy("use api, worker, or both: api,worker")
		}
	}
	if len(roles) == 0 {
		return qlp.Errorf(qlp.Invalid, "setting roles names no role").WithRemedy("use api, worker, or both: api,worker")
	}
	if c.Tenant == "" || len(c.Tenant) > 64 || strings.ContainsFunc(c.Tenant, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return qlp.Errorf(qlp.Invalid, "setting tenant is %.80q, which is no name", c.Tenant).WithRemedy("use up to 64 letters, digits and dashes")
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return qlp.Errorf(qlp.Invalid, "setting listen is %q, which is no address", c.Listen).WithRemedy("use host:port, for example 127.0.0.1:8080")
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) && c.Hosts == "" {
		return qlp.Errorf(qlp.Invalid, "setting listen is %q, which others could reach", c.Listen).
			WithRemedy("listen on 127.0.0.1 or [::1]; or, behind a proxy that speaks TLS, set hosts to the names that it answers to: whoever has the token may do everything")
	}
	return nil
}
