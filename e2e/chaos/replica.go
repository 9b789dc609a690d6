package chaos

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// replica is one qlp serve, which is started again whenever it ends.
type replica struct {
	number int
	binary string
	data   string // QLP_DATA
	shared string // where the token is
	env    []string
	log    string

	mu     sync.Mutex
	cmd    *exec.Cmd
	url    string        // "" until it answers
	token  string        // of its API
	done   chan struct{} // closed when the process has ended
	struck bool          // this process was killed by a fault
	frozen bool
	owners []string // as which its processes name what they make outside of themselves
	alone  []life   // of processes that ended without being killed
	began  time.Time
	starts int
}

// life is a process's time.
type life struct{ from, to time.Time }

// launch starts a process.
func (r *replica) launch() error {
	log, err := os.OpenFile(r.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(r.binary, "serve", "--listen", "127.0.0.1:0") //nolint:noctx // it lives until it is killed
	cmd.Env = append(append(os.Environ(), "QLP_DATA="+r.data), r.env...)
	cmd.Stderr = log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // a person's ^C ends the harness, which then ends these
	r.mu.Lock()
	defer r.mu.Unlock()
	if err := cmd.Start(); err != nil {
		return err
	}
	r.cmd, r.url, r.struck, r.frozen, r.done = cmd, "", false, false, make(chan struct{})
	r.owners = append(r.owners, ownerOf(cmd.Process.Pid))
	r.began = time.Now().UTC()
	r.starts++
	go func(done chan struct{}) {
		_ = cmd.Wait()
		r.mu.Lock()
		r.url = ""
		r.mu.Unlock()
		close(done)
	}(r.done)
	return nil
}

// keep starts the process, and starts it again each time that it ends, until ctx is done.
func (r *replica) keep(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.launch(); err != nil {
			return fmt.Errorf("start replica %d: %w", r.number, err)
		}
		r.mu.Lock()
		done := r.done
		r.mu.Unlock()
		r.listenTo(ctx, done)
		select {
		case <-done:
		case <-ctx.Done():
			return nil
		}
		r.mu.Lock()
		if !r.struck && ctx.Err() == nil {
			r.alone = append(r.alone, life{r.began, time.Now().UTC()})
		}
		wait := 5 * time.Millisecond
		if !r.struck {
			wait = 300 * time.Millisecond // of a full disk, say
		}
		r.mu.Unlock()
		pause(ctx, wait)
	}
	return nil
}

// listenTo finds out where the process listens, as soon as it does.
func (r *replica) listenTo(ctx context.Context, done <-chan struct{}) {
	for {
		if url, token, ok := r.announced(ctx); ok {
			r.mu.Lock()
			r.url, r.token = url, token
			r.mu.Unlock()
			return
		}
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-time.After(5 * time.Millisecond): // a process outside: there is nothing else to wait for
		}
	}
}

func (r *replica) announced(ctx context.Context) (url, token string, ok bool) {
	var a struct {
		URL string `json:"url"`
		PID int    `json:"pid"`
	}
	b, err := os.ReadFile(filepath.Join(r.data, "server.json"))
	if err != nil || json.Unmarshal(b, &a) != nil || a.PID != r.pid() {
		return "", "", false
	}
	secret, err := os.ReadFile(filepath.Join(r.shared, "token"))
	if err != nil {
		return "", "", false
	}
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.URL+"/healthz", nil)
	if err != nil {
		return "", "", false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", "", false
	}
	_ = resp.Body.Close()
	return a.URL, strings.TrimSpace(string(secret)), resp.StatusCode == http.StatusOK
}

func (r *replica) pid() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cmd == nil {
		return 0
	}
	return r.cmd.Process.Pid
}

// address is where the process listens; ok is false while it does not, or is frozen.
func (r *replica) address() (url, token string, ok bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.url, r.token, r.url != "" && !r.frozen
}

// kill ends the process at once, and returns when it has ended. It says whether there was one.
func (r *replica) kill() bool {
	r.mu.Lock()
	cmd, done := r.cmd, r.done
	if cmd == nil || ended(done) {
		r.mu.Unlock()
		return false
	}
	r.struck = true
	err := cmd.Process.Signal(syscall.SIGKILL)
	r.mu.Unlock()
	<-done
	return err == nil
}

// freeze stops the process where it is, and thaw lets it go on.
func (r *replica) freeze() bool { return r.signal(syscall.SIGSTOP, true) }
func (r *replica) thaw()        { r.signal(syscall.SIGCONT, false) }

func (r *replica) signal(s syscall.Signal, frozen bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.cmd == nil || ended(r.done) {
		return false
	}
	r.frozen = frozen
	return r.cmd.Process.Signal(s) == nil
}

// stop asks the process to end, and waits for it. Call it when nobody keeps the replica any more.
func (r *replica) stop(ctx context.Context) error {
	r.mu.Lock()
	cmd, done := r.cmd, r.done
	r.mu.Unlock()
	if cmd == nil || ended(done) {
		return nil
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return fmt.Errorf("stop replica %d: %w", r.number, err)
	}
	select {
	case <-done:
	case <-ctx.Done():
		return errors.Join(fmt.Errorf("stop replica %d: %w", r.number, ctx.Err()), cmd.Process.Kill())
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 {
		return fmt.Errorf("stop replica %d: it ended with exit code %d", r.number, code)
	}
	return nil
}

func ended(done <-chan struct{}) bool {
	select {
	case <-done:
		return true
	default:
		return false
	}
}

// pause waits, but not beyond ctx.
func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
