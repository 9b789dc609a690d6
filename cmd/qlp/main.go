// Command qlp turns an intent into software that has been proven to work.
package main

import (
	"os"

	"github.com/quantumlayer/qlp/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
