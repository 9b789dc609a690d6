package main

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// dial connects inside the sandbox's network namespace and hands the socket out. The connect blocks no one else: on the
// loopback device it either succeeds or is refused at once.
func dial(conn *wire.Conn, port int) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		_ = conn.Send(failure(err))
		return
	}
	defer unix.Close(fd)
	addr := &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}
	for err = unix.Connect(fd, addr); errors.Is(err, unix.EINTR); {
		err = unix.Connect(fd, addr)
	}
	if err != nil && !errors.Is(err, unix.EISCONN) {
		_ = conn.Send(failure(err))
		return
	}
	_ = conn.Send(wire.Reply{Kind: wire.KindDone}, fd)
}

// listen opens a port on the sandbox's loopback device and hands the listening socket out, so that whoever holds it answers
// programs inside from outside, without a network between them.
func listen(conn *wire.Conn, port int) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		_ = conn.Send(failure(err))
		return
	}
	defer unix.Close(fd)
	err = unix.Bind(fd, &unix.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}})
	if err == nil {
		err = unix.Listen(fd, 128)
	}
	if err != nil {
		_ = conn.Send(failure(err))
		return
	}
	_ = conn.Send(wire.Reply{Kind: wire.KindDone}, fd)
}
