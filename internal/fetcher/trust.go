package fetcher

import (
	"os"
	"path/filepath"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

const insideBundle = "/qlp/ca-certificates.crt"

// Trust lets the tools inside trust the certificate authorities that this machine trusts: a company's mirror may have its
// own. Where none is found, the tools' own lists must do.
func Trust(spec *sandbox.Spec) {
	places := []string{
		os.Getenv("SSL_CERT_FILE"), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem",
	}
	for _, place := range places {
		path, err := filepath.EvalSymlinks(place)
		if place == "" || err != nil {
			continue
		}
		spec.Mounts = append(spec.Mounts, sandbox.Mount{HostPath: path, Path: insideBundle})
		for _, name := range []string{"SSL_CERT_FILE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "CARGO_HTTP_CAINFO", "REQUESTS_CA_BUNDLE", "GIT_SSL_CAINFO"} {
			spec.Env[name] = insideBundle
		}
		return
	}
}
