// Package process is the weakest sandbox driver: a user id of its own (as root), resource limits, Landlock and a system call
// filter on this machine's kernel, its network and its process table. It is for machines and containers that are themselves
// thrown away after one tenant's job, and where namespaces cannot be had.
//
// It never claims more than it has: network and process table are the machine's, several limits are held by looking now and
// then, and Create refuses whatever asks for more. It never runs a program as root, and it refuses to work as an ordinary
// user without Landlock, because programs could then read what QLP itself can.
//
// Arrows: internal/sandbox, sandbox/initbox, internal/qlp, native/wire; qlp-init as a process.
package process
