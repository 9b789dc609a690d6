package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxBody is how large the body of a request may be, in bytes.
const maxBody = 1 << 20

// checkContentType refuses a body of another type. A caller need not say that it sends JSON.
func checkContentType(r *http.Request) error {
	given := r.Header.Get("Content-Type")
	accepted := "application/json"
	switch r.Method {
	case http.MethodPost, http.MethodPut:
	case http.MethodPatch:
		accepted += " or application/merge-patch+json"
	default:
		return nil
	}
	if given == "" {
		return nil
	}
	media, _, _ := strings.Cut(given, ";")
	media = strings.ToLower(strings.TrimSpace(media))
	if media == "application/json" || r.Method == http.MethodPatch && media == "application/merge-patch+json" {
		return nil
	}
	return problemf(http.StatusUnsupportedMediaType, "the body must be %s", accepted)
}

// readBody returns the body, which must not be larger than maxBody.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return nil, problemf(http.StatusRequestEntityTooLarge, "the body must not be larger than %d bytes", maxBody)
	}
	if err != nil {
		return nil, problemf(http.StatusBadRequest, "the body cannot be read")
	}
	return text, nil
}

// readObject returns the members of a JSON object, each as it was written. No key may be there twice.
func readObject(text []byte) (map[string]json.RawMessage, error) {
	if !utf8.Valid(text) || hasHalfCharacter(text) {
		return nil, problemf(http.StatusBadRequest, "the body is not valid UTF-8 text")
	}
	if !json.Valid(text) {
		return nil, problemf(http.StatusBadRequest, "the body is not JSON")
	}
	return members(json.NewDecoder(bytes.NewReader(text)))
}

// members reads valid JSON.
func members(dec *json.Decoder) (map[string]json.RawMessage, error) {
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, problemf(http.StatusBadRequest, "the body must be a JSON object")
	}
	object := map[string]json.RawMessage{}
	for dec.More() {
		token, err := dec.Token()
		key, ok := token.(string)
		var value json.RawMessage
		if err = errors.Join(err, dec.Decode(&value)); err != nil || !ok {
			return nil, problemf(http.StatusBadRequest, "the body is not JSON")
		}
		if _, twice := object[key]; twice {
			return nil, problemf(http.StatusBadRequest, "the body has the key %.80q twice", key)
		}
		object[key] = value
	}
	return object, nil
}

// hasHalfCharacter reports whether JSON text has an escape such as \ud800 without its other half, which no UTF-8 text can
// hold. The decoder would put another character in its place.
func hasHalfCharacter(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if text[i] != '\\' {
			continue
		}
		i++ // what is escaped
		switch unit := escaped(text[i:]); {
		case unit < 0xD800 || unit > 0xDFFF:
		case unit > 0xDBFF || i+5 >= len(text) || text[i+5] != '\\':
			return true
		default:
			if second := escaped(text[i+6:]); second < 0xDC00 || second > 0xDFFF {
				return true
			}
			i += 6
		}
	}
	return false
}

// escaped returns the number in u1234, 0 for anything else.
func escaped(text []byte) uint64 {
	if len(text) < 5 || text[0] != 'u' {
		return 0
	}
	n, err := strconv.ParseUint(string(text[1:5]), 16, 16)
	if err != nil {
		return 0
	}
	return n
}
