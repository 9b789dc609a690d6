package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// rig is a server in its own process, and this process's clients of it.
type rig struct {
	cmd     *exec.Cmd
	orders  io.WriteCloser
	answers *bufio.Scanner
	address string

	intents int
	clients []*follower
	gone    sync.WaitGroup

	got    atomic.Int64 // events
	wanted int64
	mu     sync.Mutex
	took   []time.Duration
}

// measure starts a server, connects the clients, runs one shape and prints its line.
func measure(what string, clients, intents int, run func(*rig) error) error {
	r, err := start(intents)
	if err != nil {
		return err
	}
	defer r.stop()
	if err := r.order(order{Intents: intents}); err != nil {
		return err
	}
	before := r.rss()
	if err := r.connect(clients); err != nil {
		return err
	}
	held := r.rss() - before
	if err := run(r); err != nil {
		return err
	}
	lost := r.wanted - r.got.Load()
	r.mu.Lock()
	defer r.mu.Unlock()
	slices.Sort(r.took)
	at := func(p float64) string {
		return fmt.Sprintf("%.1f ms", float64(r.took[min(int(float64(len(r.took))*p), len(r.took)-1)].Microseconds())/1000)
	}
	fmt.Printf("| %s | %d | %d | %d | %s | %s | %s | %d KiB | p99 < 200 ms, none lost |\n",
		what, clients, r.got.Load(), lost, at(.5), at(.99), at(1), held/int64(clients)>>10)
	if lost != 0 {
		return fmt.Errorf("%s: %d events were lost", what, lost)
	}
	return nil
}

func start(intents int) (*rig, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	r := &rig{cmd: exec.Command(self, "-serve"), intents: intents}
	r.cmd.Stderr = os.Stderr
	if r.orders, err = r.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := r.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	r.answers = bufio.NewScanner(out)
	if err := r.cmd.Start(); err != nil {
		return nil, err
	}
	if !r.answers.Scan() {
		return nil, fmt.Errorf("the server did not start")
	}
	r.address = r.answers.Text()
	return r, nil
}

// order has the server do something and waits until it is done.
func (r *rig) order(o order) error {
	b, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if _, err := r.orders.Write(append(b, '\n')); err != nil {
		return err
	}
	if !r.answers.Scan() {
		return fmt.Errorf("the server ended")
	}
	return nil
}

// connect makes the clients, a hundred at a time, and waits until each has its place.
func (r *rig) connect(n int) error {
	var group sync.WaitGroup
	places, failed := make(chan struct{}, 100), make(chan error, n)
	for i := range n {
		f := &follower{rig: r, intent: name(i % r.intents), up: make(chan struct{})}
		r.clients = append(r.clients, f)
		places <- struct{}{}
		group.Go(func() {
			defer func() { <-places }()
			r.gone.Go(func() { f.follow(context.Background()) })
			select {
			case <-f.up:
			case <-time.After(time.Minute):
				failed <- fmt.Errorf("a client was not connected within a minute")
			}
		})
	}
	group.Wait()
	time.Sleep(3 * time.Second) // the server's memory settles, and pings do not come together
	select {
	case err := <-failed:
		return err
	default:
		return nil
	}
}

// toAll writes events that go to every client.
func (r *rig) toAll(events int, pause time.Duration) error {
	for range events {
		if err := r.order(order{Append: 1}); err != nil {
			return err
		}
		r.wanted += int64(len(r.clients))
		time.Sleep(pause)
	}
	return r.settle()
}

// toEach writes events over all intents, 1,000 a second.
func (r *rig) toEach(events int) error {
	r.wanted = int64(events)
	if err := r.order(order{Append: events, PerSec: 1000}); err != nil {
		return err
	}
	return r.settle()
}

// cutting does so while a connection is cut every 10 ms, and made again with the last number that came.
func (r *rig) cutting(events int) error {
	done := make(chan struct{})
	var cutter sync.WaitGroup
	cutter.Go(func() {
		for i := 0; ; i += 5 {
			select {
			case <-done:
				return
			case <-time.After(10 * time.Millisecond):
				r.clients[i%len(r.clients)].cut()
			}
		}
	})
	err := r.toEach(events)
	close(done)
	cutter.Wait()
	return err
}

// settle waits until every event is there, or for ten seconds in which none came.
func (r *rig) settle() error {
	last, since := r.got.Load(), time.Now()
	for r.got.Load() < r.wanted && time.Since(since) < 10*time.Second {
		time.Sleep(20 * time.Millisecond)
		if n := r.got.Load(); n > last {
			last, since = n, time.Now()
		}
	}
	return nil
}

func (r *rig) note(took time.Duration) {
	r.mu.Lock()
	r.took = append(r.took, took)
	r.mu.Unlock()
	r.got.Add(1)
}

// rss is the server's memory that is in use.
func (r *rig) rss() int64 {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", r.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	pages, _ := strconv.ParseInt(strings.Fields(string(b))[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func (r *rig) stop() {
	for _, f := range r.clients {
		f.end()
	}
	_ = r.orders.Close()
	_ = r.cmd.Wait()
	r.gone.Wait()
}
