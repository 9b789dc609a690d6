// Package native is the sandbox driver for an ordinary Linux host: bubblewrap builds the namespaces, a system call filter
// and cgroups (version 1, 2, or both mounted) hold the program, and qlp-init, pid 1 inside, starts it. It needs no
// daemon, works as root and as an ordinary user, and starts a sandbox in a few milliseconds.
//
// It never gives a sandbox a network, never binds a host path writable, never lets bubblewrap make a destination below
// an attacker's directory, never runs as the host's root inside, and never lowers a limit in silence: what is held by
// best effort is said so in every Result, or refused if the Spec requires more.
//
// Arrows: internal/sandbox, sandbox/initbox, internal/qlp, native/wire; bubblewrap and qlp-init as processes.
package native
