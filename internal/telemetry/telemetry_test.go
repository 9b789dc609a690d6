package telemetry

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

func TestSecretIsNeverShown(t *testing.T) {
	t.Parallel()
	s := Secret("hunter2")
	var log bytes.Buffer
	Logger(&log, "info", "json").Info("Token made", "token", s)
	Logger(&log, "info", "text").Info("Token made", "token", s)
	marshalled, err := json.Marshal(map[string]any{"token": s})
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{log.String(), string(marshalled), fmt.Sprint(s), fmt.Sprintf("%#v %v %s %q", s, s, s, s)} {
		if strings.Contains(shown, "hunter2") || !strings.Contains(shown, "redacted") {
			t.Errorf("a secret is shown as %q", shown)
		}
	}
	if s.Reveal() != "hunter2" {
		t.Error("the value is lost")
	}
}
