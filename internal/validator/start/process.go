package start

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// apiKey protects the service while it is probed. It is no secret: the service lives for seconds, where nobody else can
// reach it.
const apiKey = "start-probe-key-0123456789abcdef" //nolint:gosec // G101: see above

// process is the service as it runs in the sandbox.
type process struct {
	s       Subject
	env     map[string]string
	running sandbox.Process
	started time.Time
	log     watcher
	ended   chan struct{} // closed when the process has ended by itself or was stopped
	result  sandbox.Result
	err     error
}

// ending is how the service came to its end; wrong says what it did not do as it must.
type ending struct {
	result sandbox.Result
	wrong  string
}

func launch(ctx context.Context, s Subject) (*process, error) {
	p := &process{s: s, env: map[string]string{}, ended: make(chan struct{}), log: watcher{address: make(chan string, 1)}}
	maps.Copy(p.env, s.Stack.Env)
	maps.Copy(p.env, s.Stack.Commands.Start.Env)
	maps.Copy(p.env, map[string]string{"HOST": "127.0.0.1", "PORT": "0", "DATA_DIR": "/tmp/start-data", "LOG_LEVEL": "info"})
	if s.Spec.Auth != "" {
		p.env["API_KEY"] = apiKey
	}
	p.started = time.Now().UTC().Truncate(time.Microsecond)
	var err error
	p.running, err = s.Sandbox.Start(ctx, sandbox.Cmd{
		Argv: s.Stack.Commands.Start.Argv, Env: p.env, Stderr: &p.log,
		Limits: sandbox.Limits{Wall: s.Limits.Listen + s.Limits.Probes + s.Limits.Stop},
	})
	if err != nil {
		return nil, err
	}
	go func() { // stop waits for it
		defer close(p.ended)
		p.result, p.err = p.running.Wait(context.WithoutCancel(ctx))
	}()
	return p, nil
}

// probe waits until the service listens and probes it. It says why when there was nothing to probe.
func (p *process) probe(ctx context.Context) (Report, string) {
	base, client, why := p.listening(ctx)
	if why != "" {
		return Report{}, why
	}
	defer client.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(ctx, p.s.Limits.Probes)
	defer cancel()
	return Probe(ctx, Target{Spec: p.s.Spec, OpenAPI: p.s.OpenAPI, Base: base, Key: p.env["API_KEY"], Client: client}), ""
}

// listening waits until the service listens, and returns how it is reached, or why it is not.
func (p *process) listening(ctx context.Context) (base string, client *http.Client, why string) {
	timer := time.NewTimer(p.s.Limits.Listen)
	defer timer.Stop()
	var address string
	select {
	case address = <-p.log.address:
	case <-p.ended:
		return "", nil, "the service ended before it listened"
	case <-timer.C:
		return "", nil, fmt.Sprintf("the service did not log that it is listening within %s", p.s.Limits.Listen)
	case <-ctx.Done():
		return "", nil, "canceled"
	}
	_, portText, err := net.SplitHostPort(address)
	port, bad := strconv.Atoi(portText)
	if err != nil || bad != nil {
		return "", nil, fmt.Sprintf("the service says that it is listening at %.60q, which is no address", address)
	}
	transport := &http.Transport{
		MaxIdleConnsPerHost: 4, DisableCompression: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return p.s.Sandbox.Dial(ctx, port) },
	}
	return "http://127.0.0.1:" + portText, &http.Client{Transport: transport, Timeout: 10 * time.Second, CheckRedirect: noRedirect}, ""
}

// noRedirect keeps a client from following a service's redirection.
func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// stop asks the service to end, kills it when it does not, and returns how it ended. ctx may be done.
func (p *process) stop(ctx context.Context) (ending, error) {
	end := context.WithoutCancel(ctx)
	select {
	case <-p.ended:
		return ending{p.result, fmt.Sprintf("the service ended by itself (%s, exit code %d)", p.result.Verdict, p.result.ExitCode)}, p.err
	default:
	}
	if ctx.Err() == nil && p.running.Signal(end, syscall.SIGTERM) == nil {
		timer := time.NewTimer(p.s.Limits.Stop)
		defer timer.Stop()
		select {
		case <-p.ended:
			e := ending{result: p.result}
			if p.err == nil && p.result.Verdict != sandbox.OK {
				e.wrong = fmt.Sprintf("after SIGTERM the service ended with %s, exit code %d, expected exit code 0", p.result.Verdict, p.result.ExitCode)
			}
			return e, p.err
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	killed, err := p.running.Kill(end)
	<-p.ended
	return ending{killed, fmt.Sprintf("the service did not end within %s of SIGTERM", p.s.Limits.Stop)}, err
}

func (p *process) execution(s Subject, r sandbox.Result) qlp.Execution {
	return qlp.Execution{
		ID: s.ID, Check: string(qlp.LayerStart) + "/" + Name, Argv: s.Stack.Commands.Start.Argv, Env: p.env,
		Verdict: string(r.Verdict), ExitCode: r.ExitCode, Signal: r.Signal, Reason: r.Reason,
		Stdout: qlp.DigestOf(r.Stdout), Stderr: qlp.DigestOf(r.Stderr), StdoutBytes: r.StdoutBytes, StderrBytes: r.StderrBytes,
		Truncated: r.Truncated, StartedAt: p.started, WallMS: r.Wall.Milliseconds(), CPUMS: r.CPU.Milliseconds(), PeakMemory: r.PeakMemory,
		Isolation: string(r.Isolation), Engine: r.Engine, Enforcement: r.Enforcement,
	}
}

// tail returns the end of the log, as the end of a message.
func (p *process) tail() string {
	text := strings.TrimSpace(p.log.last())
	if text == "" {
		return ""
	}
	return ":\n" + text
}

// watcher reads the service's log as it is written, and finds the address in the line that says listening.
type watcher struct {
	mu      sync.Mutex
	line    []byte
	recent  []string
	found   bool
	address chan string
}

// maxLine bounds what is kept of one line, in bytes.
const maxLine = 16 << 10

// Write never fails, so that the service is not held up.
func (w *watcher) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for rest := b; len(rest) > 0; {
		part, after, whole := bytes.Cut(rest, []byte("\n"))
		if room := maxLine - len(w.line); room > 0 {
			w.line = append(w.line, part[:min(room, len(part))]...)
		}
		if whole {
			w.take(string(w.line))
			w.line = w.line[:0]
		}
		rest = after
	}
	return len(b), nil
}

func (w *watcher) take(line string) {
	const kept = 20
	if len(w.recent) == kept {
		w.recent = w.recent[1:]
	}
	w.recent = append(w.recent, line)
	var entry struct{ Msg, Addr string }
	if !w.found && json.Unmarshal([]byte(line), &entry) == nil && entry.Msg == "listening" {
		w.found = true
		w.address <- entry.Addr
	}
}

func (w *watcher) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return strings.ToValidUTF8(strings.Join(append(w.recent[:len(w.recent):len(w.recent)], string(w.line)), "\n"), "\uFFFD")
}
