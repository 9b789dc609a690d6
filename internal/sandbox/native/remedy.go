package native

import "strings"

// remedyFor reads bubblewrap's own complaint and says what an administrator can do.
func remedyFor(complaint string) string {
	switch {
	case strings.Contains(complaint, "RTM_NEWADDR") || strings.Contains(complaint, "setting up uid map"):
		return "AppArmor forbids unprivileged user namespaces: install a profile for bwrap that has `userns,` (package apparmor-profiles, " +
			"`bwrap-userns-restrict`), or `sysctl -w kernel.apparmor_restrict_unprivileged_userns=0`"
	case strings.Contains(complaint, "No permissions to create") || strings.Contains(complaint, "Creating new namespace failed"):
		return "user namespaces are switched off: `sysctl -w kernel.unprivileged_userns_clone=1` and `sysctl -w user.max_user_namespaces=15000`; " +
			"in a container, its seccomp profile must allow clone and unshare with new namespaces"
	case strings.Contains(complaint, "mount proc") || strings.Contains(complaint, "/proc"):
		return "this container hides parts of /proc: run it with an unmasked /proc (`--security-opt systempaths=unconfined`), or use the docker or remote driver"
	case strings.Contains(complaint, "execvp"):
		return "qlp-init must be a static program for this machine: `CGO_ENABLED=0 go build ./cmd/qlp-init`"
	}
	return "run `qlp doctor`; it says what this machine lacks"
}
