package gocache

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func talk(t *testing.T, layers Layers, in string) []response {
	t.Helper()
	var out bytes.Buffer
	if err := Serve(t.Context(), layers, strings.NewReader(in), &out); err != nil {
		t.Fatalf("%v after %s", err, out.String())
	}
	var all []response
	for dec := json.NewDecoder(&out); dec.More(); {
		var r response
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func line(id int64, command, action, output string, size int) string {
	b, _ := json.Marshal(request{ID: id, Command: command, ActionID: []byte(action), OutputID: []byte(output), BodySize: int64(size)})
	return string(b) + "\n"
}

func body(s string) string { return fmt.Sprintf("%q\n", base64.StdEncoding.EncodeToString([]byte(s))) }

func TestTwoLayers(t *testing.T) {
	ro, rw := t.TempDir(), t.TempDir()
	long := strings.Repeat("content ", 100_000)
	first := talk(t, Layers{RW: ro}, line(1, "put", "act", "out", len(long))+"\n"+body(long)+line(2, "put", "empty", "none", 0)+line(3, "close", "", "", 0))
	if len(first) != 4 || len(first[0].KnownCommands) != 3 || first[1].Err != "" || first[3].ID != 3 {
		t.Fatalf("%+v", first)
	}
	got := talk(t, Layers{RW: rw, RO: ro}, line(1, "get", "act", "", 0)+line(2, "get", "other", "", 0)+line(3, "get", "empty", "", 0)+
		line(4, "put", "mine", "o2", 3)+"\n"+body("abc")+line(5, "get", "mine", "", 0)+line(6, "nonsense", "", "", 0))
	if b, err := os.ReadFile(got[1].DiskPath); err != nil || string(b) != long || string(got[1].OutputID) != "out" || !strings.HasPrefix(got[1].DiskPath, ro) {
		t.Errorf("%+v %v", got[1], err)
	}
	if !got[2].Miss || got[3].Miss || got[3].Size != 0 || !strings.HasPrefix(got[5].DiskPath, rw) || got[6].Err == "" {
		t.Errorf("%+v", got)
	}
	if err := os.WriteFile(got[1].DiskPath, []byte("cut"), 0o644); err != nil {
		t.Fatal(err)
	}
	if again := talk(t, Layers{RW: rw, RO: ro}, line(1, "get", "act", "", 0)); !again[1].Miss {
		t.Error("a file of another size was served")
	}
	if left, _ := filepath.Glob(filepath.Join(rw, "*", "tmp-*")); len(left) > 0 {
		t.Errorf("temporary files are left: %v", left)
	}
}

func FuzzServe(f *testing.F) {
	f.Add(line(1, "put", "a", "b", 3) + "\n" + body("abc") + line(2, "get", "a", "", 0))
	f.Add(line(1, "put", "../../x", "../../y", 3) + body("abc"))
	f.Add(`{"ID":1,"Command":"put","ActionID":"YQ==","ObjectID":"Yg==","BodySize":9999999999}` + "\n\"AAAA\"\n")
	f.Add(`{"ID":1,"Command":"put","BodySize":-1}` + "\n")
	f.Add("rubbish\n")
	f.Fuzz(func(t *testing.T, in string) {
		dir := t.TempDir()
		var out bytes.Buffer
		_ = Serve(t.Context(), Layers{RW: filepath.Join(dir, "rw")}, strings.NewReader(in), &out)
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			if e.Name() != "rw" {
				t.Errorf("%s lies outside the cache", e.Name())
			}
		}
	})
}
