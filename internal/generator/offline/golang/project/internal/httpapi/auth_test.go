package httpapi

import "testing"

func TestKey(t *testing.T) {
	t.Parallel()
	s := testServer(quiet())
	s.guard = keyed("the right key 1234")
	for _, c := range []struct {
		path, header, value string
		status              int
	}{
		{"/echoes", "X-API-Key", "the right key 1234", 200},
		{"/echoes", "Authorization", "bearer the right key 1234", 200},
		{"/echoes", "X-API-Key", "the right key 123", 401},
		{"/echoes", "Authorization", "Basic the right key 1234", 401},
		{"/echoes", "X-Other", "", 401},
		{"/none", "X-Other", "", 401},
		{"/healthz", "X-Other", "", 405},
	} {
		r := request(t, "POST", c.path, "{}")
		r.Header.Set(c.header, c.value)
		a := serve(s, r)
		if a.Code != c.status || (a.Code == 401) != (a.Header().Get("WWW-Authenticate") != "") {
			t.Errorf("%s with %s %q: %d %v", c.path, c.header, c.value, a.Code, a.Header())
		}
	}
}
