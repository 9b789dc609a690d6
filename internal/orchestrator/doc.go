// Package orchestrator drives runs: what is ready, what failed and who mends it, which cap is reached, what a cancel, an
// approval, a pause, a resume, a retry or a restart means.
//
// It is a pure core (decide.go, repair.go: what follows from a state and an outcome, without I/O) and a thin loop around it
// (Engine), whose handlers each do one step and write its outcome, its events and the queue jobs that follow in one
// transaction. A handler that finds its effect already there does nothing but make sure that the next job exists: that is
// how a killed process loses nothing and doubles nothing.
//
// It never writes a project's files itself, never judges them, and never keeps in memory what a restart would need.
//
// Arrows: qlp, store, blob, interpreter, generator, reviewer, validator, capsule (their interfaces and types).
package orchestrator
