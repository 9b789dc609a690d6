// Package gocache is a build cache for the go command in two layers: a read-only one, seeded once per Go version on the
// host, and a writable one on top, which lives and ends with a sandbox. It speaks the protocol of GOCACHEPROG (Go 1.24
// and newer) and replaces an overlay file system, which ordinary users do not have.
//
// It never writes to the read-only layer, never deletes, and never serves an entry whose file has not the recorded size.
//
// Arrows: the standard library only, because it is linked into qlp-init.
package gocache

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"
)

// Main serves the go command on in and out until it says close or in ends. Flags: --rw DIR is required, --ro DIR is
// looked at second.
func Main(ctx context.Context, args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("gocache", flag.ContinueOnError)
	rw := flags.String("rw", "", "writable layer")
	ro := flags.String("ro", "", "read-only layer")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rw == "" {
		return errors.New("gocache: --rw is required")
	}
	return Serve(ctx, Layers{RW: *rw, RO: *ro}, in, out)
}

// request and response are the go command's own, field by field.
type request struct {
	ID       int64
	Command  string
	ActionID []byte `json:",omitempty"`
	OutputID []byte `json:",omitempty"`
	ObjectID []byte `json:",omitempty"` // OutputID's name before Go 1.24
	BodySize int64  `json:",omitempty"`
}

type response struct {
	ID            int64
	Err           string     `json:",omitempty"`
	KnownCommands []string   `json:",omitempty"`
	Miss          bool       `json:",omitempty"`
	OutputID      []byte     `json:",omitempty"`
	Size          int64      `json:",omitempty"`
	Time          *time.Time `json:",omitempty"`
	DiskPath      string     `json:",omitempty"`
}

// MaxBody bounds one cached file.
const MaxBody = 1 << 30

// Serve answers one request after another: each is a lookup or one file write, and the go command waits for few of them.
func Serve(ctx context.Context, layers Layers, in io.Reader, out io.Writer) error {
	w := bufio.NewWriter(out)
	enc := json.NewEncoder(w)
	send := func(r response) error {
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("answer go: %w", err)
		}
		return w.Flush()
	}
	if err := send(response{KnownCommands: []string{"get", "put", "close"}}); err != nil {
		return err
	}
	r := bufio.NewReaderSize(in, 64<<10)
	for ctx.Err() == nil {
		req, err := readRequest(r)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		res, err := answer(layers, req, r)
		if err != nil {
			return err
		}
		if err := send(res); err != nil || req.Command == "close" {
			return err
		}
	}
	return context.Cause(ctx)
}

func readRequest(r *bufio.Reader) (request, error) {
	var req request
	for {
		line, err := r.ReadBytes('\n')
		if line = bytes.TrimSpace(line); len(line) == 0 {
			if err != nil {
				return req, io.EOF
			}
			continue
		}
		if err := json.Unmarshal(line, &req); err != nil {
			return req, fmt.Errorf("read request of go: %w", err)
		}
		if req.OutputID == nil {
			req.OutputID = req.ObjectID
		}
		return req, nil
	}
}

// answer returns an error only when the stream is no longer in step; a cache that cannot write is an answer.
func answer(layers Layers, req request, r *bufio.Reader) (response, error) {
	res := response{ID: req.ID}
	switch req.Command {
	case "get":
		e, ok := layers.get(req.ActionID)
		if !ok {
			res.Miss = true
			return res, nil
		}
		res.OutputID, res.Size, res.Time, res.DiskPath = e.output, e.size, &e.time, e.path
	case "put":
		body, err := openBody(r, req.BodySize)
		if err != nil {
			return res, err
		}
		path, err := layers.put(req.ActionID, req.OutputID, req.BodySize, body)
		if _, derr := io.Copy(io.Discard, body); derr != nil {
			return res, fmt.Errorf("read body of go: %w", derr)
		}
		if err != nil {
			res.Err = err.Error()
		}
		res.DiskPath = path
	case "close":
	default:
		res.Err = "unknown command " + req.Command
	}
	return res, nil
}

// openBody returns the decoded body, which follows its request as one JSON string on a line.
func openBody(r *bufio.Reader, size int64) (io.Reader, error) {
	if size == 0 {
		return bytes.NewReader(nil), nil
	}
	if size < 0 || size > MaxBody {
		return nil, fmt.Errorf("read body of go: size %d", size)
	}
	for {
		c, err := r.ReadByte()
		if err != nil {
			return nil, fmt.Errorf("read body of go: %w", err)
		}
		if c == '"' {
			break
		}
		if c != '\n' && c != ' ' && c != '\r' && c != '\t' {
			return nil, errors.New("read body of go: no string")
		}
	}
	return base64.NewDecoder(base64.StdEncoding, &quoted{r: r}), nil
}

// quoted reads up to the closing quote of a JSON string without escapes.
type quoted struct {
	r    *bufio.Reader
	done bool
}

func (q *quoted) Read(b []byte) (int, error) {
	if q.done {
		return 0, io.EOF
	}
	if q.r.Buffered() == 0 {
		if _, err := q.r.Peek(1); err != nil {
			return 0, io.ErrUnexpectedEOF
		}
	}
	chunk, _ := q.r.Peek(min(q.r.Buffered(), len(b)))
	if i := bytes.IndexByte(chunk, '"'); i >= 0 {
		q.done = true
		n := copy(b, chunk[:i])
		_, err := q.r.Discard(i + 1)
		return n, err
	}
	n := copy(b, chunk)
	_, err := q.r.Discard(n)
	return n, err
}
