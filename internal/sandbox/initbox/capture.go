package initbox

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// capture reads one stream of a program: it keeps the head and the tail, counts the rest, and never stops reading, so
// that a program is not held up by what nobody keeps.
type capture struct {
	f    *os.File
	sink io.Writer
	max  int64
	done chan struct{}
	note func(n int) // called for every read

	mu    sync.Mutex
	head  []byte
	tail  []byte // a ring once it is full
	next  int
	total atomic.Int64
}

// newPipe makes a pipe whose far end is blocking and belongs to uid (-1: stays as it is), so that the program may open /dev/stdout again.
func newPipe(uid int) (near *os.File, far int, err error) {
	var p [2]int
	if err := unix.Pipe2(p[:], unix.O_CLOEXEC); err != nil {
		return nil, -1, fmt.Errorf("make pipe: %w", err)
	}
	err = unix.SetNonblock(p[0], true)
	if err == nil && uid >= 0 {
		err = unix.Fchown(p[1], uid, uid)
	}
	if err != nil {
		closeFDs(p[:])
		return nil, -1, fmt.Errorf("prepare pipe: %w", err)
	}
	return os.NewFile(uintptr(p[0]), "pipe"), p[1], nil
}

func startCapture(f *os.File, limit int64, sink io.Writer, note func(int)) *capture {
	c := &capture{f: f, sink: sink, max: limit, note: note, done: make(chan struct{})}
	go c.run()
	return c
}

func (c *capture) run() {
	defer close(c.done)
	defer c.f.Close()
	buf := make([]byte, 32<<10)
	for {
		n, err := c.f.Read(buf)
		if n > 0 {
			c.keep(buf[:n])
			c.note(n)
			if c.sink != nil {
				if _, werr := c.sink.Write(buf[:n]); werr != nil {
					c.sink = nil // a reader who went away must not stop the program
				}
			}
		}
		if err != nil {
			return
		}
	}
}

func (c *capture) keep(b []byte) {
	c.total.Add(int64(len(b)))
	c.mu.Lock()
	defer c.mu.Unlock()
	half := int(c.max / 2)
	if room := half - len(c.head); room > 0 {
		n := min(room, len(b))
		c.head = append(c.head, b[:n]...)
		b = b[n:]
	}
	size := int(c.max) - half
	if len(b) > size {
		b = b[len(b)-size:]
	}
	for len(b) > 0 {
		if len(c.tail) < size {
			n := min(size-len(c.tail), len(b))
			c.tail = append(c.tail, b[:n]...)
			b = b[n:]
			continue
		}
		n := copy(c.tail[c.next:], b)
		c.next = (c.next + n) % size
		b = b[n:]
	}
}

// finish waits for the end of the stream, but not for one that something keeps open although everything is killed.
func (c *capture) finish(patience time.Duration) {
	select {
	case <-c.done:
	case <-time.After(patience):
		_ = c.f.SetReadDeadline(time.Unix(1, 0))
		<-c.done
	}
}

// kept returns head and tail. It may be called once the stream is finished, or before.
func (c *capture) kept() (b []byte, total int64, truncated bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	total = c.total.Load()
	b = append(b, c.head...)
	if missing := total - int64(len(c.head)+len(c.tail)); missing > 0 {
		b = fmt.Appendf(b, "\n[… %d bytes left out …]\n", missing)
		truncated = true
	}
	b = append(b, c.tail[c.next:]...)
	b = append(b, c.tail[:c.next]...)
	return b, total, truncated
}

// feed copies a command's input into its pipe. A program that does not read it has closed the pipe: no error.
func feed(w *os.File, r io.Reader) {
	defer w.Close()
	if _, err := io.Copy(w, r); err != nil && !errors.Is(err, unix.EPIPE) {
		return
	}
}
