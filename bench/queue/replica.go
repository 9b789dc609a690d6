package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/capsule"
	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/grammar"
	"github.com/quantumlayer/qlp/internal/orchestrator"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/stack"
	"github.com/quantumlayer/qlp/internal/store"
	"github.com/quantumlayer/qlp/internal/store/postgres"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/worker"
)

const words = "a Python API for notes with a title and an optional body text"

// opened is a store of either kind, with its queue.
type opened struct {
	store.Store
	queue worker.Queue
	io.Closer
}

func openStore(ctx context.Context, address string) (*opened, error) {
	if isPostgres(address) {
		st, err := postgres.Open(ctx, address, postgres.Config{})
		if err != nil {
			return nil, err
		}
		return &opened{st, st.Queue, st}, nil
	}
	st, err := sqlite.Open(ctx, address, sqlite.Config{})
	if err != nil {
		return nil, err
	}
	return &opened{st, st.Queue, st}, nil
}

func (o *opened) Close() error { return o.Closer.Close() }

// tiny writes one short file into each place that a task owns.
type tiny struct{}

func (tiny) Name() string { return "offline" }

func (tiny) Generate(_ context.Context, req generator.Request) ([]qlp.File, error) {
	var files []qlp.File
	for _, place := range req.Task.Owns {
		if strings.HasSuffix(place, "/") {
			place += "part.txt"
		}
		files = append(files, qlp.File{Path: place, Content: []byte("of " + req.Task.ID + "\n")})
	}
	return files, nil
}

// judge passes everything, after a command in a sandbox of its own where there is a driver.
type judge struct{ driver sandbox.Driver }

func (j judge) check(ctx context.Context, files []qlp.File) (qlp.Check, error) {
	if j.driver != nil {
		res, err := sandbox.RunOnce(ctx, j.driver, sandbox.Spec{}, sandbox.Cmd{Argv: []string{"/bin/true"}}, "")
		if err == nil && res.Verdict != sandbox.OK {
			err = fmt.Errorf("verdict %s %s", res.Verdict, res.Reason)
		}
		if err != nil {
			return qlp.Check{}, err
		}
	}
	c := qlp.Pass(qlp.LayerSyntax, "content", qlp.FromReading(qlp.DigestJSON(files)))
	c.Required = true
	return c, nil
}

func (j judge) Syntax(ctx context.Context, _ qlp.Stack, files []qlp.File) ([]qlp.Check, error) {
	c, err := j.check(ctx, files)
	return []qlp.Check{c}, err
}

func (j judge) Validate(ctx context.Context, s validator.Subject, progress func(qlp.Check)) (validator.Report, error) {
	c, err := j.check(ctx, s.Files)
	if err != nil {
		return validator.Report{}, err
	}
	progress(c)
	return validator.Report{Checks: []qlp.Check{c}, Toolchain: map[string]string{"python3": "any"}}, nil
}

// packer packs, and tells of each capsule by a line.
type packer struct{ keys capsule.Keyring }

func (p packer) Pack(_ context.Context, in capsule.Input) ([]byte, error) {
	key, err := p.keys.Signing()
	if err != nil {
		return nil, err
	}
	b, err := capsule.Pack(in, key)
	if err == nil {
		fmt.Println("packed")
	}
	return b, err
}

// beReplica obeys its standard input: "submit N" hands intents in, "go" begins to work, "tasks" counts the good attempts of verified
// intents. Each is answered by a line, and each capsule tells of itself.
func beReplica(ctx context.Context, address, data, init string, boxed bool) (err error) {
	st, err := openStore(ctx, address)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	blobs, err := file.Open(filepath.Join(data, "blobs"), file.Config{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, blobs.Close()) }()
	quiet := slog.New(slog.DiscardHandler)
	j := judge{}
	if boxed {
		d, derr := native.New(ctx, quiet, native.Config{InitPath: init})
		if derr != nil {
			return derr
		}
		defer func() { err = errors.Join(err, d.Close()) }()
		j.driver = d
	}
	e := orchestrator.New(orchestrator.Deps{
		Store: st, Blobs: blobs, Stack: stack.Find, Validator: j, Packer: packer{capsule.NewKeyring(filepath.Join(data, "keys"))},
		Interpreters: map[string]interpreter.Interpreter{"offline": grammar.New()},
		Planners:     map[string]orchestrator.Planner{"offline": orchestrator.PlanOffline(planner.Plan)},
		Generators:   map[string]generator.Generator{"offline": tiny{}},
		Clock:        func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		NewID:        func() string { return uuid.Must(uuid.NewV7()).String() }, Log: quiet,
	}, orchestrator.Config{Replicas: isPostgres(address)})
	w, err := worker.New(st.queue, e, quiet, worker.Config{})
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		if err := obey(ctx, in.Text(), st, e, w); err != nil {
			return err
		}
	}
	return w.Stop(ctx)
}

func obey(ctx context.Context, order string, st *opened, e *orchestrator.Engine, w *worker.Worker) error {
	var n int
	switch order {
	case "go":
		return w.Start(ctx)
	case "tasks":
		for {
			n, over, err := tasks(ctx, st)
			if over || err != nil {
				fmt.Println("tasks", n)
				return err
			}
			time.Sleep(time.Millisecond) // between a capsule and its commit
		}
	}
	if _, err := fmt.Sscanf(order, "submit %d", &n); err != nil {
		return err
	}
	for range n {
		if _, err := e.Submit(ctx, orchestrator.Request{Words: words}); err != nil {
			return err
		}
	}
	fmt.Println("submitted")
	return nil
}

// tasks counts those of all intents, which must be verified; over is false while one of them has no end.
func tasks(ctx context.Context, st *opened) (n int, over bool, err error) {
	for after := ""; ; {
		var list []qlp.Intent
		err := st.Read(ctx, func(r store.Reader) (err error) {
			list, err = r.Intents(ctx, store.IntentFilter{After: after, Limit: 100})
			for i := range list {
				if err == nil {
					list[i], err = r.Intent(ctx, list[i].ID)
				}
			}
			return err
		})
		if err != nil || len(list) == 0 {
			return n, err == nil, err
		}
		for _, in := range list {
			if !in.State.Over() {
				return n, false, nil
			}
			if in.State != qlp.StateVerified {
				return n, false, fmt.Errorf("an intent is %s: %s", in.State, in.Reason)
			}
			n += len(in.Run.Tasks)
		}
		after = list[len(list)-1].ID
	}
}

// child is a replica, seen from the program that measures.
type child struct {
	cmd   *exec.Cmd
	order io.WriteCloser
	lines chan string
}

func begin(address, data string, boxed bool, packed chan<- struct{}) (*child, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := &child{cmd: exec.Command(self, "-replica", address, "-data", data, fmt.Sprintf("-boxed=%t", boxed)), lines: make(chan string, 100)}
	c.cmd.Stderr = os.Stderr
	if c.order, err = c.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	go func() {
		for in := bufio.NewScanner(out); in.Scan(); {
			if in.Text() == "packed" {
				packed <- struct{}{}
			} else {
				c.lines <- in.Text()
			}
		}
		close(c.lines)
	}()
	return c, c.cmd.Start()
}

func (c *child) tell(order string) error {
	_, err := io.WriteString(c.order, order+"\n")
	return err
}

func (c *child) want(line string) (string, error) {
	got, ok := <-c.lines
	if !ok || !strings.HasPrefix(got, line) {
		return "", fmt.Errorf("a replica said %q, not %q", got, line)
	}
	return got, nil
}

func (c *child) end() error {
	_ = c.order.Close()
	return c.cmd.Wait()
}

// orchestrated has replicas work off intents and returns their tasks a second.
func orchestrated(ctx context.Context, db database, replicas, intents int, boxed bool) (rate float64, err error) {
	address, remove, err := db.fresh(ctx)
	if err != nil {
		return 0, err
	}
	defer remove()
	data, err := os.MkdirTemp("", "qlp-bench-")
	if err != nil {
		return 0, err
	}
	defer func() { _ = os.RemoveAll(data) }()
	packed := make(chan struct{}, intents)
	var list []*child
	defer func() {
		for _, c := range list {
			err = errors.Join(err, c.end())
		}
	}()
	for range replicas {
		c, err := begin(address, data, boxed, packed)
		if err != nil {
			return 0, err
		}
		list = append(list, c)
		if _, err := c.want("ready"); err != nil {
			return 0, err
		}
	}
	if err := list[0].tell(fmt.Sprintf("submit %d", intents)); err != nil {
		return 0, err
	}
	if _, err := list[0].want("submitted"); err != nil {
		return 0, err
	}
	start := time.Now()
	for _, c := range list {
		if err := c.tell("go"); err != nil {
			return 0, err
		}
	}
	for range intents {
		select {
		case <-packed:
		case <-time.After(time.Minute):
			return 0, fmt.Errorf("no capsule within a minute")
		}
	}
	took := time.Since(start)
	if err := list[0].tell("tasks"); err != nil {
		return 0, err
	}
	var n int
	said, err := list[0].want("tasks")
	if err == nil {
		_, err = fmt.Sscanf(said, "tasks %d", &n)
	}
	return float64(n) / took.Seconds(), err
}
