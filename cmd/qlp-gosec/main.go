// Command qlp-gosec scans Go code inside a sandbox. It is a program of its own, so that qlp does not load what gosec is made of at
// every start (ADR 0055); `qlp tool gosec` becomes it.
package main

import (
	"os"

	"github.com/quantumlayer/qlp/internal/validator/security/gosectool"
)

func main() { os.Exit(gosectool.Main(os.Args[1:], os.Stdout)) }
