package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/blob/file"
	"github.com/quantumlayer/qlp/internal/llm"
	"github.com/quantumlayer/qlp/internal/llm/client"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store/sqlite"
)

// prompt is as long as that of a task, 4 KiB, and another one for each number.
func prompt(i int) string {
	return strings.Repeat("Each book has a title, an author and an isbn. ", 90) + strconv.Itoa(i)
}

// asker is a client as a server has it: a ledger on disk, recordings, all caps set.
func asker(ctx context.Context, url, model string) (llm.Client, func() error, error) {
	dir, err := os.MkdirTemp("", "qlp-bench-")
	if err != nil {
		return nil, nil, err
	}
	st, err := sqlite.Open(ctx, filepath.Join(dir, "qlp.db"), sqlite.Config{})
	if err != nil {
		return nil, nil, err
	}
	blobs, err := file.Open(filepath.Join(dir, "blobs"), file.Config{})
	if err != nil {
		return nil, nil, err
	}
	p, err := provider(url)
	if err != nil {
		return nil, nil, err
	}
	wide := qlp.Budget{Tokens: 1 << 40, Calls: 1 << 40}
	c := client.New(client.Deps{
		Providers: map[string]llm.Provider{"local": p}, Roles: map[llm.Role][]client.Choice{llm.Coder: {{Provider: "local", Model: model}}},
		Ledger: app.NewLedger(st), Recordings: blobs, Traffic: client.NewTraffic(client.Limits{Concurrency: map[string]int{"local": 1000}}),
		NewID: func() string { return uuid.Must(uuid.NewV7()).String() }, Clock: func() time.Time { return time.Now().UTC().Truncate(time.Microsecond) },
		Rand: rand.Int64N,
	}, client.Config{Day: wide, Team: wide})
	return c, func() error { return errors.Join(st.Close(), blobs.Close(), os.RemoveAll(dir)) }, nil
}

func request(i int) llm.Request {
	wide := qlp.Budget{Tokens: 1 << 40}
	return llm.Request{
		Role: llm.Coder, System: "Write code.", MaxTokens: 4000, Messages: []llm.Message{{From: llm.User, Text: prompt(i)}},
		Account: llm.Account{IntentID: "in", RunID: "run", TaskID: fmt.Sprint("task", i%10), Attempt: i, Caps: qlp.ModelCaps{Run: wide, Task: wide}},
	}
}

// overhead makes the same request in three ways by turns, so that a busy moment hits all of them.
func overhead(ctx context.Context, url string, n int) error {
	c, closeIt, err := asker(ctx, url, "fast")
	if err != nil {
		return err
	}
	p, err := provider(url)
	if err != nil {
		return err
	}
	ways := []struct {
		name string
		do   func(i int) error
	}{
		{"the raw HTTP request, its stream read to the end", func(i int) error { return raw(ctx, url, i) }},
		{"the driver", func(i int) error {
			req := request(i)
			req.Model = "fast"
			_, err := p.Complete(ctx, req, func(string) {})
			return err
		}},
		{"the client: ledger, places, breaker, watch, recording", func(i int) error {
			_, err := c.Ask(ctx, request(i), func(string) {})
			return err
		}},
	}
	took := make([][]time.Duration, len(ways))
	for i := range n + n/10 {
		for w, way := range ways {
			start := time.Now()
			if err := way.do(i); err != nil {
				return fmt.Errorf("%s: %w", way.name, err)
			}
			if i >= n/10 { // the first ones open connections and files
				took[w] = append(took[w], time.Since(start))
			}
		}
	}
	fmt.Printf("| %d calls each, by turns | p50 | p90 | p99 | p50 over raw |\n|---|---|---|---|---|\n", n)
	for w, way := range ways {
		slices.Sort(took[w])
		at := func(q int) time.Duration { return took[w][len(took[w])*q/100] }
		fmt.Printf("| %s | %.2f ms | %.2f ms | %.2f ms | %.2f ms |\n", way.name, ms(at(50)), ms(at(90)), ms(at(99)), ms(at(50))-ms(took[0][len(took[0])/2]))
	}
	fmt.Println()
	return closeIt()
}

// raw is the least that a call can be.
func raw(ctx context.Context, url string, i int) error {
	body, err := json.Marshal(map[string]any{
		"model": "fast", "stream": true, "stream_options": map[string]bool{"include_usage": true}, "max_tokens": 4000,
		"messages": []map[string]string{{"role": "system", "content": "Write code."}, {"role": "user", "content": prompt(i)}},
	})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}
