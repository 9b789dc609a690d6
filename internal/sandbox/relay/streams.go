package relay

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/yamux"
	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// The kinds of a stream, named in its first line.
const (
	kindHello   = "hello"   // from inside: the init is ready
	kindRequest = "request" // from outside: packets of one request and its replies
	kindPipe    = "pipe"    // from outside: one end of a pipe that belongs to a request
	kindSocket  = "socket"  // from inside: a socket that a reply brings along
)

// head is the first line of a stream.
type head struct {
	Kind string `json:"kind"`
	ID   uint32 `json:"id,omitempty"` // of the request, or of the socket
	N    int    `json:"n,omitempty"`  // which pipe of the request, from 0
}

const (
	maxHead     = 256
	maxSockets  = 64
	openTimeout = 10 * time.Second
)

func config() *yamux.Config {
	c := yamux.DefaultConfig()
	c.LogOutput = io.Discard
	c.EnableKeepAlive = false // a container that is frozen is not dead
	c.StreamCloseTimeout = 0
	c.StreamOpenTimeout = 0
	return c
}

func open(s *yamux.Session, h head) (*yamux.Stream, error) {
	stream, err := s.OpenStream()
	if err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	b, err := json.Marshal(h)
	if err == nil {
		_, err = stream.Write(append(b, '\n'))
	}
	if err != nil {
		_ = stream.Close()
		return nil, fmt.Errorf("begin stream: %w", err)
	}
	return stream, nil
}

// accepted is a stream whose first line was read.
type accepted struct {
	head

	stream *yamux.Stream
	r      *bufio.Reader
}

func accept(s *yamux.Session) (accepted, error) {
	stream, err := s.AcceptStream()
	if err != nil {
		return accepted{}, err
	}
	a := accepted{stream: stream, r: bufio.NewReaderSize(stream, 32<<10)}
	_ = stream.SetReadDeadline(time.Now().Add(openTimeout))
	line, err := a.r.ReadSlice('\n')
	if err == nil && len(line) <= maxHead {
		err = json.Unmarshal(line, &a.head)
	} else if err == nil {
		err = errors.New("its first line is too long")
	}
	_ = stream.SetReadDeadline(time.Time{})
	if err != nil {
		_ = stream.Close()
		return accepted{}, fmt.Errorf("read what a stream is: %w", err)
	}
	return a, nil
}

// packet is one message with the ids of the sockets that it brings along.
type packet struct {
	body    []byte
	sockets []uint32
}

func writePacket(w io.Writer, p packet) error {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(p.body)))
	b = append(b, byte(len(p.sockets)))
	for _, id := range p.sockets {
		b = binary.BigEndian.AppendUint32(b, id)
	}
	_, err := w.Write(append(b, p.body...))
	return err
}

func readPacket(r io.Reader) (packet, error) {
	var fixed [5]byte
	if _, err := io.ReadFull(r, fixed[:]); err != nil {
		return packet{}, err
	}
	size, sockets := binary.BigEndian.Uint32(fixed[:]), int(fixed[4])
	if size > wire.MaxMessage || sockets > maxSockets {
		return packet{}, fmt.Errorf("a message of %d bytes with %d sockets", size, sockets)
	}
	p := packet{body: make([]byte, size), sockets: make([]uint32, sockets)}
	for i := range p.sockets {
		var id [4]byte
		if _, err := io.ReadFull(r, id[:]); err != nil {
			return packet{}, unexpected(err)
		}
		p.sockets[i] = binary.BigEndian.Uint32(id[:])
	}
	if _, err := io.ReadFull(r, p.body); err != nil {
		return packet{}, unexpected(err)
	}
	return p, nil
}

func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// inward says of each descriptor behind a request's first whether bytes go in through it, or come out.
func inward(op string) []bool {
	switch op {
	case wire.OpExec:
		return []bool{true, false, false}
	case wire.OpPut:
		return []bool{true}
	case wire.OpGet:
		return []bool{false}
	}
	return nil
}

// drain copies what a program writes, or a caller sends, until either side ends, and says so to both.
func drain(to *yamux.Stream, from *os.File) {
	_, _ = io.Copy(to, from)
	_ = from.Close()
	_ = to.Close()
}

// fill copies into a pipe until either side ends, and says so to both.
func fill(to *os.File, from io.Reader, stream *yamux.Stream) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
	_ = stream.Close()
}

// splice joins a socket and a stream, both ways, until both directions are over.
func splice(socket *os.File, in io.Reader, stream *yamux.Stream) {
	var both sync.WaitGroup
	both.Go(func() {
		_, _ = io.Copy(socket, in)
		shutdown(socket, unix.SHUT_WR)
	})
	both.Go(func() {
		_, _ = io.Copy(stream, socket)
		_ = stream.Close()
	})
	both.Wait()
	_ = socket.Close()
	_ = stream.Close()
}

func shutdown(f *os.File, how int) {
	if rc, err := f.SyscallConn(); err == nil {
		_ = rc.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), how) })
	}
}

// file makes a descriptor one whose reads can be ended by closing it.
func file(fd int) (*os.File, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("prepare descriptor: %w", err)
	}
	return os.NewFile(uintptr(fd), "relay"), nil
}

func closeAll(fds []int) {
	for _, fd := range fds {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
	}
}
