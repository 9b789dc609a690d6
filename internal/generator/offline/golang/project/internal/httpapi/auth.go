package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"strings"
)

// keyed lets requests with the key pass. Digests are compared, in constant time, so that neither the key nor its length can
// be guessed from how long the answer takes.
func keyed(key string) guard {
	want := sha256.Sum256([]byte(key))
	return func(r *http.Request) error {
		given := r.Header.Get("X-API-Key")
		if given == "" {
			scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
			if strings.EqualFold(scheme, "Bearer") {
				given = strings.TrimSpace(token)
			}
		}
		got := sha256.Sum256([]byte(given))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			return problemf(http.StatusUnauthorized, "the header X-API-Key must hold the key of this service")
		}
		return nil
	}
}
