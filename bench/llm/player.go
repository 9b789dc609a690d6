package main

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"regexp"
	"strings"
	"time"
)

//go:embed all:ten
var ten embed.FS

// player is a model that knows one program by heart: it answers every role with what stands in the folder ten. Its models are
// called by the roles.
type player struct {
	plan struct {
		Tasks []struct {
			ID   string
			Owns []string
		}
	}
}

// startPlayer listens on this machine and returns the address and what ends it.
func startPlayer(ctx context.Context) (url string, stop func() error, err error) {
	p := &player{}
	b, err := ten.ReadFile("ten/plan.json")
	if err == nil {
		err = json.Unmarshal(b, &p.plan)
	}
	if err != nil {
		return "", nil, fmt.Errorf("read the plan: %w", err)
	}
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(l) }()
	return fmt.Sprintf("http://%s/v1", l.Addr()), server.Close, nil
}

// ServeHTTP answers one chat completion as a stream.
func (p *player) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var req struct {
		Model    string
		Messages []struct{ Content string }
	}
	if err := json.NewDecoder(r.Body).Decode(&req); err != nil || len(req.Messages) == 0 {
		http.Error(w, fmt.Sprintf("no request for an answer: %v", err), http.StatusBadRequest)
		return
	}
	text, err := p.answer(req.Model, req.Messages[len(req.Messages)-1].Content)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	in, out := len(req.Messages[0].Content)/4, len(text)/4
	for _, chunk := range []map[string]any{
		{"choices": []any{map[string]any{"index": 0, "delta": map[string]string{"content": text}, "finish_reason": nil}}},
		{"choices": []any{map[string]any{"index": 0, "delta": map[string]string{}, "finish_reason": "stop"}}},
		{"choices": []any{}, "usage": map[string]int{"prompt_tokens": in, "completion_tokens": out, "total_tokens": in + out}},
	} {
		chunk["id"], chunk["object"], chunk["created"], chunk["model"] = "c", "chat.completion.chunk", 1, req.Model
		b, err := json.Marshal(chunk)
		if err != nil {
			return
		}
		_, _ = fmt.Fprintf(w, "data: %s\n\n", b)
	}
	_, _ = fmt.Fprint(w, "data: [DONE]\n\n")
}

func (p *player) answer(role, prompt string) (string, error) {
	name, ok := map[string]string{"interpreter": "interpretation.json", "planner": "plan.json", "tester": "cases.json"}[role]
	switch {
	case ok:
		b, err := ten.ReadFile("ten/" + name)
		return string(b), err
	case role == "reviewer":
		return `{"findings":[]}`, nil
	case role == "coder":
		return p.write(prompt)
	}
	return "", fmt.Errorf("there is no model %q", role)
}

var (
	markOf = regexp.MustCompile(`(?m)^@@([0-9a-f]+) write path/of/file$`)
	taskOf = regexp.MustCompile(`(?s)\n# Your task\n.*?\nid: ([a-z-]+)\n`)
)

// write gives every file that the task of the prompt owns.
func (p *player) write(prompt string) (string, error) {
	mark, task := markOf.FindStringSubmatch(prompt), taskOf.FindStringSubmatch(prompt)
	if mark == nil || task == nil {
		return "", fmt.Errorf("the prompt names no task, or no mark of files")
	}
	var b strings.Builder
	err := fs.WalkDir(ten, "ten/project", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		path := strings.TrimPrefix(name, "ten/project/")
		if !p.owns(task[1], path) {
			return nil
		}
		content, err := ten.ReadFile(name)
		fmt.Fprintf(&b, "@@%s write %s\n%s@@%s end\n", mark[1], path, content, mark[1])
		return err
	})
	if err == nil && b.Len() == 0 {
		err = fmt.Errorf("no file is of the task %s", task[1])
	}
	return b.String(), err
}

func (p *player) owns(task, path string) bool {
	for _, t := range p.plan.Tasks {
		for _, o := range t.Owns {
			if t.ID == task && (path == o || strings.HasSuffix(o, "/") && strings.HasPrefix(path, o)) {
				return true
			}
		}
	}
	return false
}
