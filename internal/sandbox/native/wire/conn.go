package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// MaxMessage bounds one message. The kernel's default send buffer holds a little more.
const MaxMessage = 160 << 10

const maxFDs = 8

// Conn is one end of a SOCK_SEQPACKET socket. Send and Recv may be used from two goroutines, but not each from two.
type Conn struct {
	f *os.File
}

// Pair returns a connected pair of raw, blocking descriptors that are closed on exec.
func Pair() (a, b int, err error) {
	fds, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, -1, fmt.Errorf("make socket pair: %w", err)
	}
	return fds[0], fds[1], nil
}

// NewConn takes over fd and makes it non-blocking.
func NewConn(fd int) (*Conn, error) {
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("set socket non-blocking: %w", err)
	}
	return &Conn{f: os.NewFile(uintptr(fd), "socket")}, nil
}

// PassCredentials makes RecvRaw return the sender's process id.
func (c *Conn) PassCredentials() error {
	rc, err := c.f.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	err = rc.Control(func(fd uintptr) { serr = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_PASSCRED, 1) })
	return errors.Join(err, serr)
}

// Close closes the socket; a blocked Recv on either side returns.
func (c *Conn) Close() error { return c.f.Close() }

// SetReadDeadline bounds the Recvs that follow; the zero time removes the bound.
func (c *Conn) SetReadDeadline(t time.Time) error { return c.f.SetReadDeadline(t) }

// Send sends v as JSON with fds beside it. The fds stay the caller's.
func (c *Conn) Send(v any, fds ...int) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode message: %w", err)
	}
	return c.SendRaw(b, fds...)
}

// SendRaw sends one packet.
func (c *Conn) SendRaw(b []byte, fds ...int) error {
	if len(b) > MaxMessage {
		return fmt.Errorf("send message: %d bytes are more than %d", len(b), MaxMessage)
	}
	var oob []byte
	if len(fds) > 0 {
		oob = unix.UnixRights(fds...)
	}
	rc, err := c.f.SyscallConn()
	if err != nil {
		return err
	}
	var serr error
	err = rc.Write(func(fd uintptr) bool {
		for {
			_, serr = unix.SendmsgN(int(fd), b, oob, nil, unix.MSG_NOSIGNAL)
			if !errors.Is(serr, unix.EINTR) {
				return !errors.Is(serr, unix.EAGAIN)
			}
		}
	})
	if err = errors.Join(err, serr); err != nil {
		return fmt.Errorf("send message: %w", err)
	}
	return nil
}

// Recv receives one JSON message into v. The descriptors that came along are the caller's to close, also on error.
func (c *Conn) Recv(v any) (fds []int, pid int, err error) {
	b, fds, pid, err := c.RecvRaw()
	if err != nil {
		return fds, pid, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fds, pid, fmt.Errorf("decode message: %w", err)
	}
	return fds, pid, nil
}

// RecvRaw receives one packet, and the sender's process id if PassCredentials was called. It returns io.EOF when the
// other end is closed.
func (c *Conn) RecvRaw() (b []byte, fds []int, pid int, err error) {
	rc, err := c.f.SyscallConn()
	if err != nil {
		return nil, nil, 0, err
	}
	buf := make([]byte, 4096)
	oob := make([]byte, unix.CmsgSpace(maxFDs*4)+unix.CmsgSpace(unix.SizeofUcred))
	var n, oobn, flags int
	var serr error
	err = rc.Read(func(fd uintptr) bool {
		for {
			// MSG_TRUNC makes a first look return the packet's true size.
			n, _, _, _, serr = unix.Recvmsg(int(fd), buf, nil, unix.MSG_PEEK|unix.MSG_TRUNC)
			if serr == nil && n > len(buf) {
				buf = make([]byte, min(n, MaxMessage+1))
			}
			if serr == nil {
				n, oobn, flags, _, serr = unix.Recvmsg(int(fd), buf, oob, unix.MSG_CMSG_CLOEXEC)
			}
			// A peer that closes while something lies unread on its side leaves a reset, which the kernel reports, once,
			// before what the peer itself has sent. The report behind it is what matters.
			if !errors.Is(serr, unix.EINTR) && !errors.Is(serr, unix.ECONNRESET) {
				return !errors.Is(serr, unix.EAGAIN)
			}
		}
	})
	if err != nil {
		return nil, nil, 0, err
	}
	if serr != nil {
		return nil, nil, 0, fmt.Errorf("receive message: %w", serr)
	}
	fds, pid = parseControl(oob[:oobn])
	switch {
	case n == 0 && oobn == 0 || n == 0 && len(fds) == 0:
		return nil, fds, pid, io.EOF
	case flags&(unix.MSG_TRUNC|unix.MSG_CTRUNC) != 0 || n > MaxMessage:
		return nil, fds, pid, errors.New("receive message: too large")
	}
	return buf[:n], fds, pid, nil
}

func parseControl(oob []byte) (fds []int, pid int) {
	msgs, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, 0
	}
	for i := range msgs {
		if got, err := unix.ParseUnixRights(&msgs[i]); err == nil {
			fds = append(fds, got...)
		} else if cred, err := unix.ParseUnixCredentials(&msgs[i]); err == nil {
			pid = int(cred.Pid)
		}
	}
	return fds, pid
}
