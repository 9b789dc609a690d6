package initbox

import (
	"bytes"
	"os"
	"strings"
	"sync"
)

const maxComplaint = 4096

// Complaint keeps the beginning of what the engine, and then the init, write to stderr: nothing, if all is well.
type Complaint struct {
	f    *os.File
	done chan struct{}
	mu   sync.Mutex
	buf  bytes.Buffer
}

// Listen reads f, until its end or Close.
func Listen(f *os.File) *Complaint {
	c := &Complaint{f: f, done: make(chan struct{})}
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

// Done is closed at the end of what is said.
func (c *Complaint) Done() <-chan struct{} { return c.done }

// Text is what was said so far.
func (c *Complaint) Text() string {
	if c == nil {
		return ""
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return strings.TrimSpace(c.buf.String())
}

// Close stops listening.
func (c *Complaint) Close() {
	if c != nil {
		_ = c.f.Close()
		<-c.done
	}
}
