// Package gotest runs the hostile suite as Go tests, each case a subtest.
//
// It never changes what a case asserts. Arrows: sandboxtest and the testing package; imported by tests only.
package gotest

import (
	"testing"

	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
)

// Run runs every case.
func Run(t *testing.T, o sandboxtest.Options) {
	t.Helper()
	sandboxtest.Run(As(t), o)
}

// As lets the suite's helpers report to t.
func As(t *testing.T) sandboxtest.T { return as{t} } //nolint:thelper // it makes one

type as struct{ *testing.T }

// Run implements sandboxtest.T.
func (a as) Run(name string, f func(sandboxtest.T)) bool {
	return a.T.Run(name, func(t *testing.T) { f(as{t}) })
}
