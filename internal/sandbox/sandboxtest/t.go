package sandboxtest

import "context"

// T is what the suite asks of whoever runs it: a Go test, or `qlp sandbox selftest`, whose binary holds no testing package.
type T interface {
	Run(name string, f func(T)) bool
	Context() context.Context
	TempDir() string
	Cleanup(f func())
	Helper()
	Error(args ...any)
	Errorf(format string, args ...any)
	Fatal(args ...any)
	Fatalf(format string, args ...any)
	Skip(args ...any)
	Skipf(format string, args ...any)
}
