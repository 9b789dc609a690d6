package remote_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox/remote"
)

// tlsConfig trusts the server's own certificate, and nobody else's.
func tlsConfig(s *httptest.Server) *tls.Config {
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

func TestUntrustedExecutor(t *testing.T) {
	front := httptest.NewTLSServer(nil)
	t.Cleanup(front.Close)
	d := pool(t, remote.Config{Executors: []string{front.URL}})
	if _, err := d.Capabilities(t.Context()); qlp.CodeOf(err) != qlp.Unavailable {
		t.Errorf("an executor whose certificate nobody vouches for: %v", err)
	}
}
