// Package wire is what drivers share that speak HTTP: a client that cannot be led elsewhere or flooded, and one way to read
// what an endpoint's refusal means.
//
// It never retries (the client of the llm room does), never follows a redirect, and never puts a key into an error.
//
// Arrows: llm, qlp.
package wire

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/quantumlayer/qlp/internal/llm"
)

// maxBody is the longest body that is read, after decompression: a stream wraps each piece of a few characters in some two
// hundred bytes, so that an answer of llm.MaxAnswer fits many times over only when its pieces are longer.
const maxBody = 16 * llm.MaxAnswer

// NewClient returns an HTTP client for one endpoint. It has no time limit of its own: the context of a call ends it. A body
// above the bound, compressed or not, ends with an error that wraps ErrTooLong.
func NewClient() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		MaxIdleConnsPerHost: 256, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second,
		MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{Transport: guarded{transport}}
}

// ErrTooLong is the cause of a body that was cut.
var ErrTooLong = fmt.Errorf("the endpoint's answer has more than %d bytes", maxBody)

// ErrRedirect is the cause of a response that would lead elsewhere: a prompt goes where the configuration says, or nowhere.
var ErrRedirect = errors.New("the endpoint redirects, which is not followed")

type guarded struct{ next http.RoundTripper }

// RoundTrip bounds the body of the response, and refuses a redirect.
func (g guarded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := g.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= 300 && res.StatusCode < 400 {
		_ = res.Body.Close()
		return nil, ErrRedirect
	}
	res.Body = &boundedBody{ReadCloser: res.Body, left: maxBody}
	return res, nil
}

type boundedBody struct {
	io.ReadCloser
	left int64
}

// Read reads until the bound.
func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, ErrTooLong
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
