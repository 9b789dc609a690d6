// Command count counts the lines of a file, or of its standard input, and writes the number to a file with --out.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"

	"example.test/count/internal/count"
)

func main() {
	out := flag.String("out", "", "file for the number")
	flag.Parse()
	if err := run(flag.Args(), *out); err != nil {
		fmt.Fprintln(os.Stderr, "count:", err)
		os.Exit(1)
	}
}

func run(args []string, out string) error {
	var in io.Reader = os.Stdin
	if len(args) > 0 {
		f, err := os.Open(args[0])
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		in = f
	}
	n, err := count.Lines(in)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("%d lines\n", n)
	if out != "" {
		return os.WriteFile(out, []byte(text), 0o644)
	}
	_, err = fmt.Print(text)
	return err
}
