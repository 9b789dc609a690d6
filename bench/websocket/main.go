// Command websocket measures how events reach very many WebSocket clients of one server: the API's handler over the real
// store in a process of its own, the clients in this one, all on this machine. Run it with
//
//	go build -o bin/bench-websocket ./bench/websocket && bin/bench-websocket [-clients 10000] [-events 100]
//
// The time of a delivery is from before the transaction's commit in the server to the event's text in the client.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func main() {
	serve := flag.Bool("serve", false, "be the server: for the program itself")
	clients := flag.Int("clients", 10_000, "how many clients are connected at once")
	events := flag.Int("events", 50, "how many events one intent has, which go to all clients")
	spread := flag.Int("spread", 20_000, "how many events are spread over as many intents as there are clients")
	pause := flag.Duration("pause", time.Second, "between the events of one intent")
	flag.Parse()
	if err := limits(); err != nil {
		fail(err)
	}
	if *serve {
		if err := server(context.Background()); err != nil {
			fail(err)
		}
		return
	}
	fmt.Printf("| what | clients | events received | lost | p50 | p99 | max | memory of the server for each client | goal |\n|---|---:|---:|---:|---:|---:|---:|---:|---|\n")
	for _, shape := range []struct {
		name    string
		intents int
		run     func(r *rig) error
	}{
		{"all follow one intent", 1, func(r *rig) error { return r.toAll(*events, *pause) }},
		{"each follows its own", *clients, func(r *rig) error { return r.toEach(*spread) }},
		{"each its own, connections are cut and made again", *clients, func(r *rig) error { return r.cutting(*spread) }},
	} {
		if err := measure(shape.name, *clients, shape.intents, shape.run); err != nil {
			fail(err)
		}
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "websocket:", err)
	os.Exit(1)
}

// limits raises the number of open files to what this process may have.
func limits() error {
	var l unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &l); err != nil {
		return err
	}
	l.Cur = l.Max
	return unix.Setrlimit(unix.RLIMIT_NOFILE, &l)
}
