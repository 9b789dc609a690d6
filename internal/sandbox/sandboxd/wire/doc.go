// Package wire is the protocol between the remote driver and a sandboxd: what the bodies hold, the stream of events that an
// execution is, and errors that mean the same at both ends.
//
// It never opens a connection and never decides anything; what it reads is checked as foreign, at either end.
//
// Arrows: internal/sandbox, internal/qlp.
package wire
