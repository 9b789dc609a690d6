package wire

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

// The events of an execution: a Start, then output and pings, then one Exit, after which nothing comes.
const (
	Start     = "start"     // the command is accepted; of a service: it runs
	Stdout    = "stdout"    // Data, if it was asked for live
	Stderr    = "stderr"    //
	Ping      = "ping"      // nothing has happened, and the line still holds
	Truncated = "truncated" // the Result holds head and tail of an output only
	Exit      = "exit"      // Result, and Problem if the machinery failed
)

// maxLine bounds one event. The largest is an Exit with two outputs.
const maxLine = 256 << 20

// Event is one line of the stream.
type Event struct {
	Event   string   `json:"event"`
	Data    []byte   `json:"data,omitempty"`
	Result  *Result  `json:"result,omitempty"`
	Problem *Problem `json:"problem,omitempty"`
}

// ErrStream says that a stream of events breaks the rules, or broke off before its Exit.
var ErrStream = errors.New("the executor's stream of events is broken")

// Decoder reads a stream of events and holds it to the rules.
type Decoder struct {
	r       *bufio.Reader
	max     int
	started bool
	ended   bool
}

// NewDecoder reads events from r. An event longer than limit bytes, or than a fixed bound if that is 0, is refused.
func NewDecoder(r io.Reader, limit int64) *Decoder {
	if limit <= 0 || limit > maxLine {
		limit = maxLine
	}
	return &Decoder{r: bufio.NewReaderSize(r, 16<<10), max: int(limit)}
}

// Next returns the next event. After the Exit it returns io.EOF; a stream that ends or errs before gives an error that
// wraps ErrStream.
func (d *Decoder) Next() (Event, error) {
	if d.ended {
		return Event{}, io.EOF
	}
	line, err := d.line()
	if err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrStream, err)
	}
	var e Event
	if err := json.Unmarshal(line, &e); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrStream, err)
	}
	if err := d.check(e); err != nil {
		return Event{}, fmt.Errorf("%w: %w", ErrStream, err)
	}
	d.started = true
	d.ended = e.Event == Exit
	return e, nil
}

func (d *Decoder) check(e Event) error {
	switch e.Event {
	case Start:
		if d.started {
			return errors.New("it starts twice")
		}
		return nil
	case Stdout, Stderr, Ping, Truncated:
	case Exit:
		if e.Result == nil && e.Problem == nil {
			return errors.New("an exit without a result")
		}
		if e.Result != nil && !known(e.Result.Verdict) {
			return fmt.Errorf("unknown verdict %.40q", e.Result.Verdict)
		}
	default:
		return fmt.Errorf("unknown event %.40q", e.Event)
	}
	if !d.started {
		return fmt.Errorf("%s comes before the start", e.Event)
	}
	return nil
}

func known(v sandbox.Verdict) bool {
	switch v {
	case sandbox.InternalError, sandbox.Canceled, sandbox.OutputLimit, sandbox.DiskLimit, sandbox.OOM, sandbox.TimeoutWall,
		sandbox.TimeoutCPU, sandbox.NotStarted, sandbox.Signaled, sandbox.Nonzero, sandbox.OK:
		return true
	}
	return false
}

// line reads up to a line feed; what lacks one is incomplete.
func (d *Decoder) line() ([]byte, error) {
	var whole []byte
	for {
		part, err := d.r.ReadSlice('\n')
		if len(whole)+len(part) > d.max {
			return nil, fmt.Errorf("an event is longer than %d bytes", d.max)
		}
		whole = append(whole, part...)
		switch {
		case err == nil:
			return bytes.TrimSuffix(whole, []byte("\n")), nil
		case errors.Is(err, io.EOF):
			return nil, io.ErrUnexpectedEOF
		case !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
}

// Line encodes one event.
func Line(e Event) ([]byte, error) {
	b, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("encode event: %w", err)
	}
	return append(b, '\n'), nil
}
