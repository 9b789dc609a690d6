package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// pieces and words are what the endpoint answers: about a page of code.
const (
	pieces = 64
	words  = "func add(a, b int) int { return a + b }\n"
)

// endpoint answers chat completions as streams until it is killed. A model called slow sends a piece every 50 ms.
func endpoint(ctx context.Context) error {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Printf("http://%s/v1\n", l.Addr())
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/chat/completions", answer)
	return (&http.Server{Handler: mux, ReadHeaderTimeout: time.Minute}).Serve(l)
}

func answer(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Model string `json:"model"`
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	slow := strings.HasPrefix(req.Model, "slow")
	flush := http.NewResponseController(w)
	send := func(choices string, usage string) {
		_, _ = fmt.Fprintf(w, "data: {\"id\":\"c\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":%q,\"choices\":[%s]%s}\n\n", req.Model, choices, usage)
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range pieces {
		if slow {
			_ = flush.Flush()
			select {
			case <-tick.C:
			case <-r.Context().Done():
				return
			}
		}
		send(fmt.Sprintf(`{"index":0,"delta":{"content":%q},"finish_reason":null}`, words), "")
	}
	send(`{"index":0,"delta":{},"finish_reason":"stop"}`, "")
	send("", `,"usage":{"prompt_tokens":1200,"completion_tokens":900,"total_tokens":2100}`)
	_, _ = fmt.Fprint(w, "data: [DONE]\n\n")
}
