// Package initbox is one sandbox as seen through its init: what every driver shares that starts qlp-init somewhere and then
// speaks to it over a wire.Conn. It moves files, runs commands, reaches ports, keeps output, holds the limits that are times,
// and makes the Result. It also holds what such drivers need before: the init's program, the pool of user ids, the system
// call filter.
//
// It never builds a wall, and never knows how one is built: what only the engine can count or kill, it asks an Engine for.
//
// Arrows: internal/sandbox, internal/qlp, native/wire; imported by the drivers native and process.
package initbox
