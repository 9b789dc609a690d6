package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func pair(t *testing.T) (*Conn, *Conn) {
	t.Helper()
	a, b, err := Pair()
	if err != nil {
		t.Fatal(err)
	}
	var conns [2]*Conn
	for i, fd := range []int{a, b} {
		c, err := NewConn(fd)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		conns[i] = c
	}
	return conns[0], conns[1]
}

func TestMessagesDescriptorsAndCredentials(t *testing.T) {
	a, b := pair(t)
	if err := b.PassCredentials(); err != nil {
		t.Fatal(err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	want := Request{Op: OpExec, Argv: [][]byte{[]byte("a\xff"), []byte(strings.Repeat("x", 50_000))}}
	if err := a.Send(want, int(w.Fd())); err != nil {
		t.Fatal(err)
	}
	w.Close()
	var got Request
	fds, pid, err := b.Recv(&got)
	if err != nil || len(fds) != 1 || pid != os.Getpid() || !bytes.Equal(got.Argv[0], want.Argv[0]) || len(got.Argv[1]) != 50_000 {
		t.Fatalf("%d descriptors, pid %d, %v", len(fds), pid, err)
	}
	if _, err := unix.Write(fds[0], []byte("through")); err != nil {
		t.Fatal(err)
	}
	unix.Close(fds[0])
	if text, _ := io.ReadAll(r); string(text) != "through" {
		t.Errorf("%q", text)
	}
	if err := a.SendRaw(make([]byte, MaxMessage+1)); err == nil {
		t.Error("a message that is too large was sent")
	}
}

// TestReportBeforeReset: what a peer said before it closed is heard, although something it had not read makes the kernel
// report a reset first.
func TestReportBeforeReset(t *testing.T) {
	a, b := pair(t)
	if err := a.SendRaw([]byte("unread order")); err != nil {
		t.Fatal(err)
	}
	if err := b.SendRaw([]byte("report")); err != nil {
		t.Fatal(err)
	}
	b.Close()
	got, _, _, err := a.RecvRaw()
	if err != nil || string(got) != "report" {
		t.Fatalf("%q, %v", got, err)
	}
	if _, _, _, err := a.RecvRaw(); !errors.Is(err, io.EOF) {
		t.Errorf("%v", err)
	}
}

// FuzzReply: whatever comes from inside is decoded or refused, and what was decoded can be encoded again.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{`{"kind":"hello"}`, `{"kind":"exit","status":139,"cpu":1}`, `{"kind":1}`, `{"status":-1}`, "\x00", `{"kind":"failed","errno":99999999999999999999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var r Reply
		if json.Unmarshal(b, &r) != nil {
			return
		}
		if _, err := json.Marshal(r); err != nil {
			t.Error(err)
		}
	})
}
