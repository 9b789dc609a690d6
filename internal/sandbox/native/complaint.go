package native

import (
	"bytes"
	"os"
	"strings"
	"sync"
)

const maxComplaint = 4096

// complaint keeps the beginning of what bubblewrap, and then the init, write to stderr: nothing, if all is well.
type complaint struct {
	f    *os.File
	done chan struct{}
	mu   sync.Mutex
	buf  bytes.Buffer
}

func listen(f *os.File) *complaint {
	c := &complaint{f: f, done: make(chan struct{})}
	go func() {
		defer close(c.done)
		chunk := make([]byte, 1024)
		for {
			n, err := f.Read(chunk)
			c.mu.Lock()
			c.buf.Write(chunk[:min(n, maxComplaint-c.buf.Len())])
			c.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return c
}

func (c *complaint) text() string {
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.TrimSpace(c.buf.String())
}

func (c *complaint) close() {
	if c != nil {
		_ = c.f.Close()
		<-c.done
	}
}
