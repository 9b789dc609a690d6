// Package endpoint is the HTTP side that all endpoints of models share: a bounded, guarded client, and the translation of
// what such endpoints answer into an *llm.Error.
//
// It never tries again, never follows a redirect (a key would travel along), never decompresses, never shows a key.
//
// Arrows: llm, qlp. The drivers use it below their vendor's library.
package endpoint

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
)

// Bounds of what is read, in bytes.
const (
	maxFailure = 256 << 10           // of an answer that says what went wrong
	maxJSON    = 256 << 20           // of an answer in one piece: embeddings of many texts
	maxStream  = 128 * llm.MaxAnswer // of a stream: each of its few bytes of text travels in an envelope of some hundred
)

var (
	errRedirect = errors.New("the endpoint redirects elsewhere; a key is not sent after a redirect")
	errEncoded  = errors.New("the endpoint sent a compressed body that nobody asked for")
	errTooLong  = errors.New("the endpoint sent more than is read")
)

// Authorize puts the key or token into a request that is about to be sent.
type Authorize func(*http.Request) error

// Client returns a client that sends through next (nil: a transport of its own, with the proxy of the environment) and
// authorizes each request. An answer with a status of 400 or more is a *StatusError; its body is read up to a bound.
func Client(next *http.Client, authorize Authorize) *http.Client {
	client := http.Client{}
	if next != nil {
		client = *next
	}
	if client.Transport == nil {
		client.Transport = transport()
	}
	client.Transport = &guard{next: client.Transport, authorize: authorize}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return errRedirect }
	return &client
}

func transport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		MaxIdleConns:        256,
		MaxIdleConnsPerHost: 256, // the calls of a run all go to one host
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		DisableCompression:  true,
	}
}

type guard struct {
	next      http.RoundTripper
	authorize Authorize
}

// RoundTrip sends a copy of req.
func (g *guard) RoundTrip(req *http.Request) (*http.Response, error) {
	req = req.Clone(req.Context())
	req.Header.Set("Accept-Encoding", "identity")
	if g.authorize != nil {
		if err := g.authorize(req); err != nil {
			return nil, &llm.Error{Kind: llm.Unauthorized, Message: "no key or token: " + Scrub(err.Error(), req.Header), Err: err}
		}
	}
	res, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusBadRequest {
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(io.LimitReader(res.Body, maxFailure))
		if err != nil && len(body) == 0 && req.Context().Err() != nil {
			return nil, err
		}
		return nil, &StatusError{Status: res.StatusCode, Header: res.Header, Body: []byte(Scrub(string(body), req.Header))}
	}
	if e := res.Header.Get("Content-Encoding"); e != "" && e != "identity" {
		_ = res.Body.Close()
		return nil, errEncoded
	}
	limit := int64(maxJSON)
	if isStream(res) {
		limit = maxStream
	}
	res.Body = &bounded{ReadCloser: res.Body, left: limit}
	return res, nil
}

// bounded reads up to a number of bytes, and then is an error.
type bounded struct {
	io.ReadCloser
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	return n, err
}

// StatusError is an answer with a status of 400 or more. Its body holds no key.
type StatusError struct {
	Status int
	Header http.Header
	Body   []byte
}

// Error returns the status alone: the body is a stranger's text.
func (e *StatusError) Error() string { return fmt.Sprintf("status %d", e.Status) }
