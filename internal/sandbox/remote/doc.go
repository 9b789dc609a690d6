// Package remote is the sandbox driver whose sandboxes live on other machines: it speaks to a pool of sandboxds, chooses the
// least loaded, and holds each sandbox's life to this process's.
//
// It never repeats a command that may have run, never sends a path of this machine for one of another's, never sends its
// token in clear over a network unless told to, and never lets an executor's silence look like a program's success.
//
// Arrows: internal/sandbox, sandboxd/wire, internal/qlp.
package remote
