// Command qlp-init is pid 1 inside a native sandbox or a container: a small static server that unpacks and packs files, starts
// programs, and says how they ended, over one inherited socket. The same file is Go's cache program inside a sandbox
// (`qlp-init gocache`).
//
// It never decides a verdict, never trusts what it started, and never touches anything outside the sandbox, where it is
// an ordinary process of an ordinary user. When its socket closes it ends, and the kernel ends everything else.
//
// Arrows: internal/sandbox/native/wire, internal/sandbox/gocache, the standard library, golang.org/x/sys.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/quantumlayer/qlp/internal/sandbox/gocache"
)

func main() {
	var err error
	switch {
	case len(os.Args) > 1 && os.Args[1] == "serve":
		err = serve()
	case len(os.Args) > 2 && os.Args[1] == "bare":
		err = confine(os.Args[2:])
	case bare():
		err = serve()
		endAll()
	case len(os.Args) > 1 && os.Args[1] == "relay":
		err = relayed()
	case len(os.Args) > 1 && os.Args[1] == "gocache":
		err = gocache.Main(context.Background(), os.Args[2:], os.Stdin, os.Stdout)
	default:
		err = fmt.Errorf("usage: qlp-init serve | relay | bare | gocache --rw DIR [--ro DIR]; it is started by qlp, not by hand")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "qlp-init:", err)
		os.Exit(1)
	}
}
