// Package app is the composition root: it names the drivers, builds every room from the settings, and starts and stops
// what lives long.
//
// It never does the rooms' work: whatever is more than choosing, connecting, starting or stopping belongs into a room.
//
// Arrows: everything; only cmd and cli import it.
package app
