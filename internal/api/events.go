package api

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"sync"

	"github.com/coder/websocket"
	"github.com/danielgtaylor/huma/v2"

	"github.com/quantumlayer/qlp/internal/events"
	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

type listEvents struct {
	IntentID
	Since int64 `query:"since" minimum:"0" doc:"only events after this sequence number"`
	Limit int   `query:"limit" minimum:"1" maximum:"1000" default:"200"`
}

type eventList struct {
	Body struct {
		Items []qlp.Event `json:"items"`
	}
}

func (s *server) events(api huma.API, mux *http.ServeMux) {
	huma.Register(api, huma.Operation{
		OperationID: "list-events", Method: http.MethodGet, Path: pathIntents + "/{id}/events", Tags: []string{"events"},
		Summary: "List an intent's events",
		Description: "The same stream as JSON text messages over a WebSocket: /api/v1/events?intent=ID&since=SEQ. With text=true, messages of " +
			"type model.text come in between, without a number and never again: what a model is writing.",
	}, s.listEvents)
	mux.HandleFunc("GET /api/v1/events", s.streamEvents)
}

func (s *server) listEvents(ctx context.Context, in *listEvents) (*eventList, error) {
	list := &eventList{}
	list.Body.Items = []qlp.Event{}
	err := s.shown.Read(ctx, func(r store.Reader) error {
		if _, err := r.Intent(ctx, in.ID); err != nil {
			return err
		}
		items, err := r.Events(ctx, in.ID, in.Since, in.Limit)
		list.Body.Items = append(list.Body.Items, items...)
		return err
	})
	if err != nil {
		return nil, s.failed("list events", err)
	}
	return list, nil
}

// streamEvents sends every event of an intent after since, then those that come, until the caller leaves.
func (s *server) streamEvents(w http.ResponseWriter, r *http.Request) {
	id, since, err := s.streamQuery(r)
	if err != nil {
		writeProblem(w, r, err)
		return
	}
	conn, err := websocket.Accept(w, r, nil)
	if err != nil {
		s.Log.Debug("WebSocket refused", "room", "api", "err", err)
		return
	}
	leave := s.alive.enter(conn)
	defer leave()
	defer func() { _ = conn.CloseNow() }()
	ctx, cancel := context.WithCancel(conn.CloseRead(r.Context()))
	defer cancel()
	if r.URL.Query().Get("text") == "true" {
		texts, stop := s.Engine.Watch(id)
		defer stop()
		var beside sync.WaitGroup
		defer beside.Wait()
		defer cancel()
		beside.Go(func() { sendTexts(ctx, conn, texts) })
	}
	// A write needs no context of its own: the connection is closed under it when the other side is gone or takes nothing.
	for message, err := range s.fan.Follow(ctx, id, since) {
		if errors.Is(err, events.ErrLeaving) {
			_ = conn.Close(websocket.StatusGoingAway, "the server is stopping; come back with since")
			return
		}
		if err != nil {
			_ = conn.Close(websocket.StatusInternalError, "the events cannot be read now; come back with since")
			return
		}
		if err := conn.Write(context.Background(), websocket.MessageText, message.Text); err != nil {
			return
		}
	}
}

// sendTexts passes on what models write, until ctx is done or the caller is gone.
func sendTexts(ctx context.Context, conn *websocket.Conn, texts <-chan qlp.Event) {
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-texts:
			text, err := json.Marshal(event)
			if err != nil {
				return
			}
			if err := conn.Write(context.Background(), websocket.MessageText, text); err != nil {
				return
			}
		}
	}
}

func (s *server) streamQuery(r *http.Request) (id string, since int64, err error) {
	query := r.URL.Query()
	id = query.Get("intent")
	if text := query.Get("since"); text != "" {
		if since, err = strconv.ParseInt(text, 10, 64); err != nil || since < 0 {
			return "", 0, qlp.Errorf(qlp.Invalid, "since is %.20q, which is no sequence number", text)
		}
	}
	if id == "" {
		return "", 0, qlp.Errorf(qlp.Invalid, "the parameter intent is missing").WithRemedy("open /api/v1/events?intent=ID&since=0")
	}
	return id, since, s.shown.Owns(r.Context(), id)
}
