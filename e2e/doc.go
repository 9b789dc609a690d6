// Package e2e holds the scenarios that go through the real binary: its command line, its server, its worker, its sandbox.
//
// It never reaches into a room: what it knows is what a person or a script can see.
//
// Arrows: client (as any program outside may use it) and qlp's types.
package e2e
