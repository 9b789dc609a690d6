// Package count counts lines.
package count

import (
	"bufio"
	"io"
)

// Lines returns the number of lines.
func Lines(r io.Reader) (int, error) {
	n := 0
	s := bufio.NewScanner(r)
	for s.Scan() {
		n++
	}
	return n, s.Err()
}
