// Package initbox is a sandbox seen from outside, given that a qlp-init answers inside: commands with their streams, verdicts
// and limits in time, services, files in and out, connections, and the one way out. Drivers put up the walls, start the init
// behind them, and hand over the socket to it.
//
// It never puts up a wall, never trusts what comes from inside (sizes are bounded, unknown answers end the sandbox), and
// never makes a verdict out of a program's own words.
//
// Arrows: sandbox, native/wire (the language of the init), qlp.
package initbox
