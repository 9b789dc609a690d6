// Package sandboxd lends a sandbox driver over HTTP: one port, HTTP/1.1, a bearer token, and streams that pass ordinary
// proxies. It serves the remote driver, and people who look at a service in a sandbox.
//
// It never answers without the token (but for /healthz), never takes a path of the caller's machine for one of its own,
// never keeps a sandbox that nobody uses, never runs a command twice, and never shows the token to a program in a sandbox.
//
// Arrows: internal/sandbox, sandboxd/wire, internal/qlp. It is given a driver; only app names one.
package sandboxd
