package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox/native/wire"
)

// exec runs one program. fds are the reply socket, stdin, stdout and stderr, and the task files of its cgroups.
func (s *server) exec(req wire.Request, fds []int) {
	reply, err := unix.FcntlInt(uintptr(fds[0]), unix.F_DUPFD_CLOEXEC, 3)
	if err != nil {
		return
	}
	before, begun := s.counted(), time.Now()
	p, fail := s.launch(req, fds)
	// The program holds its own copies now; this process's would keep the pipes open.
	closeAll(fds)
	for i := range fds {
		fds[i] = -1
	}
	conn, err := wire.NewConn(reply)
	if err != nil {
		return
	}
	defer conn.Close()
	if fail != nil {
		if p != nil {
			<-p.done
		}
		_ = conn.Send(fail)
		return
	}
	if err := conn.Send(wire.Reply{Kind: wire.KindStarted}); err != nil {
		_ = unix.Kill(-p.pid, unix.SIGKILL)
	}
	if s.contained {
		expendable(p.pid)
	}
	go obey(conn, p)
	w := s.watch(req.Watch, p)
	<-p.done
	wall := time.Since(begun)
	seen := w.stop()
	seen.Wall = int64(wall)
	seen.Others = s.procs.sweep(p)
	seen.Kind = wire.KindExit
	seen.Status = uint32(p.status)
	seen.CPU = max(seen.CPU, p.usage.Utime.Nano()+p.usage.Stime.Nano())
	seen.MaxRSS = p.usage.Maxrss * 1024
	after := s.counted()
	seen.OOMKills, seen.PidsHit = int(after.oomKills-before.oomKills), after.pidsHit > before.pidsHit
	seen.MemPeak = max(seen.MemPeak, after.peak)
	_ = conn.Send(seen)
}

// obey carries out the driver's orders. The end of the socket is the order to kill.
func obey(conn *wire.Conn, p *program) {
	for {
		var order wire.Order
		fds, _, err := conn.Recv(&order)
		closeAll(fds)
		sig := unix.Signal(order.Signal)
		if err != nil {
			sig = unix.SIGKILL
		}
		select {
		case <-p.done:
			return // its number may be another's by now
		default:
			_ = unix.Kill(-p.pid, sig)
		}
		if err != nil {
			return
		}
	}
}

func (s *server) launch(req wire.Request, fds []int) (*program, *wire.Reply) {
	dir := req.Dir
	if rest, ok := strings.CutPrefix(dir, "/work"); ok && bare() && (rest == "" || rest[0] == '/') {
		dir = workDir() + rest
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(workDir(), dir)
	}
	if st, err := os.Stat(dir); err != nil || !st.IsDir() {
		return nil, &wire.Reply{Kind: wire.KindFailed, Stage: wire.StageDir, Errno: int(unix.ENOENT)}
	}
	path, err := lookup(req, dir)
	if err != nil {
		return nil, failed(wire.StageLookup, err)
	}
	c, err := newChild(path, req.Argv, req.Env, dir)
	if err != nil {
		return nil, failed(wire.StageSetup, err)
	}
	c.stdio = [3]int{fds[1], fds[2], fds[3]}
	c.groups = fds[4:]
	c.rules = s.rules
	if req.Join {
		c.join = fds[0]
	}
	for _, r := range req.Rlimits {
		if s.settable(r.Resource) {
			c.rlimits = append(c.rlimits, s.clamp(r))
		}
	}
	var pipe [2]int
	if err := unix.Pipe2(pipe[:], unix.O_CLOEXEC); err != nil {
		return nil, failed(wire.StageSetup, err)
	}
	defer unix.Close(pipe[0])
	c.errs = pipe[1]
	p, err := s.procs.start(c)
	unix.Close(pipe[1])
	if err != nil {
		return nil, failed(wire.StageFork, err)
	}
	stage, err := readFailure(pipe[0])
	switch stage {
	case 0:
		return p, nil
	case failDir:
		return p, failed(wire.StageDir, err)
	case failExec:
		return p, failed(wire.StageExec, err)
	}
	return p, failed(wire.StageSetup, err)
}

// settable says whether the kernel knows the limit. gVisor's refuses to set those that mean nothing to it, even to what they are.
func (s *server) settable(resource int) bool {
	if !s.contained {
		return true
	}
	var own unix.Rlimit
	return unix.Getrlimit(resource, &own) == nil && unix.Setrlimit(resource, &own) == nil
}

// clamp keeps a limit at or below this process's own hard limit, above which no child may go.
func (s *server) clamp(r wire.Rlimit) rlimit {
	var own unix.Rlimit
	if err := unix.Getrlimit(r.Resource, &own); err == nil {
		r.Hard = min(r.Hard, own.Max)
		r.Soft = min(r.Soft, r.Hard)
	}
	return rlimit{resource: uintptr(r.Resource), limit: unix.Rlimit{Cur: r.Soft, Max: r.Hard}}
}

func failed(stage string, err error) *wire.Reply {
	r := failure(err)
	r.Stage = stage
	return &r
}

// lookup finds the program as execvp would, in the PATH the program will have.
func lookup(req wire.Request, dir string) (string, error) {
	if len(req.Argv) == 0 || len(req.Argv[0]) == 0 {
		return "", unix.ENOENT
	}
	name := string(req.Argv[0])
	if strings.Contains(name, "/") {
		if filepath.IsAbs(name) {
			return name, nil
		}
		return filepath.Join(dir, name), nil
	}
	result := error(unix.ENOENT)
	for _, kv := range req.Env {
		list, ok := strings.CutPrefix(string(kv), "PATH=")
		if !ok {
			continue
		}
		for _, d := range strings.Split(list, ":") {
			if !filepath.IsAbs(d) {
				continue // the current directory is what a hostile tree would hope for
			}
			path := filepath.Join(d, name)
			st, err := os.Stat(path)
			if err != nil || st.IsDir() {
				continue
			}
			if err := unix.Access(path, unix.X_OK); err == nil {
				return path, nil
			} else if errors.Is(err, unix.EACCES) {
				result = err
			}
		}
	}
	return "", result
}
