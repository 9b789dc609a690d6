package endpoint

import "net/http"

// Bearer sends the key as a bearer token; an empty one is not sent.
func Bearer(key func() string) Authorize { return header("Authorization", "Bearer ", key) }

// Header sends the key in a header of its own; an empty one is not sent.
func Header(name string, key func() string) Authorize { return header(name, "", key) }

func header(name, before string, key func() string) Authorize {
	return func(req *http.Request) error {
		if key == nil {
			return nil
		}
		if k := key(); k != "" {
			req.Header.Set(name, before+k)
		}
		return nil
	}
}
