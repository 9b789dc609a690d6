// Command llm measures what QLP adds to a call of a model: time over the raw HTTP request, and memory with many streams at
// once; and how long a recorded run of ten tasks takes to replay. It prints Markdown tables. Run it with
//
//	go run ./bench/llm [-n 500] [-streams 200] [-qlp bin/qlp -replays 20]
//
// The endpoint is a process of its own on this machine, which answers at once, or slowly where memory is measured. The run is
// recorded with a model that knows its program by heart, and is replayed through the server of the binary that -qlp names.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	n := flag.Int("n", 500, "calls of each kind")
	streams := flag.Int("streams", 200, "streams at once")
	binary := flag.String("qlp", "", "the binary that replays a recorded run; none: only calls are measured")
	runs := flag.Int("replays", 20, "replays of the recorded run, after one that warms the caches; with -n 0, nothing else is measured")
	serve := flag.Bool("endpoint", false, "be the endpoint: for the program itself")
	child := flag.String("stream-from", "", "measure the streams of this endpoint: for the program itself")
	flag.Parse()
	ctx := context.Background()
	var err error
	switch {
	case *serve:
		err = endpoint(ctx)
	case *child != "":
		err = streaming(ctx, *child, *streams)
	default:
		if *n > 0 {
			err = run(ctx, *n, *streams)
		}
		if err == nil && *binary != "" {
			err = replays(ctx, *binary, *runs)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, n, streams int) error {
	url, stop, err := startEndpoint(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if err := overhead(ctx, url, n); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	// A process that has done nothing else, so that its memory is that of the streams.
	cmd := exec.CommandContext(ctx, self, "-stream-from", url, "-streams", fmt.Sprint(streams))
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	return cmd.Run()
}

// startEndpoint starts this program once more, as the endpoint.
func startEndpoint(ctx context.Context) (url string, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	cmd := exec.CommandContext(ctx, self, "-endpoint")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := cmd.Start(); err != nil {
		return "", nil, err
	}
	stop = func() { _ = cmd.Process.Kill(); _ = cmd.Wait() }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		stop()
		return "", nil, fmt.Errorf("start endpoint: %w", err)
	}
	return strings.TrimSpace(line), stop, nil
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
