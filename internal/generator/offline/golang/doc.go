// Package golang writes services in Go with nothing but its standard library: net/http, log/slog, and a journal on disk.
//
// Most of what it writes are plain Go files in the folder project, which are compiled and tested there and copied as they
// are, but for their import paths; what depends on the Spec is rendered from the *.tmpl files beside them. It never writes
// acceptance tests, and it refuses a Spec that it cannot build by naming what is in the way.
//
// Arrows: generator, contract, qlp; never another stack's folder.
package golang
