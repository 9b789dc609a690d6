package sandbox

import (
	"archive/tar"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTarIsDeterministicAndComesBack(t *testing.T) {
	files := map[string]File{"b/c": {Content: []byte("x"), Mode: 0o755}, "a": {Content: []byte("y")}, "d\xff": {}}
	one, err := Tar(files)
	if err != nil {
		t.Fatal(err)
	}
	two, _ := Tar(files)
	if !bytes.Equal(one, two) {
		t.Error("two archives of the same files differ")
	}
	back, err := Untar(bytes.NewReader(one))
	if err != nil || len(back) != 3 || back["b/c"].Mode != 0o755 || back["a"].Mode != 0o644 {
		t.Errorf("%v %v", back, err)
	}
}

func FuzzUntar(f *testing.F) {
	good, _ := Tar(map[string]File{"a/b": {Content: []byte("x")}})
	f.Add(good)
	for _, name := range []string{"../x", "/x", "a/../../x", "."} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		_ = w.WriteHeader(&tar.Header{Name: name, Typeflag: tar.TypeReg, Mode: 0o644})
		_ = w.Close()
		f.Add(b.Bytes())
	}
	f.Add([]byte("rubbish"))
	f.Fuzz(func(t *testing.T, b []byte) {
		files, err := Untar(bytes.NewReader(b))
		if err != nil {
			return
		}
		for name := range files {
			if !filepath.IsLocal(name) {
				t.Errorf("%q leads out of the tree", name)
			}
		}
	})
}

// taker is a Sandbox of which PutDir needs Put only.
type taker struct {
	Sandbox
	got map[string]File
}

func (s *taker) Put(_ context.Context, r io.Reader) (err error) {
	s.got, err = Untar(r)
	return err
}

func TestPutDirTakesOnlyWhatIsInside(t *testing.T) {
	dir, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	for path, text := range map[string]string{outside: "secret", filepath.Join(dir, "plain"): "p", filepath.Join(dir, "sub/deep"): "d"} {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"link": outside, "dirlink": filepath.Dir(outside), "rel": "plain"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var sb taker
	if err := PutDir(t.Context(), &sb, dir); err != nil {
		t.Fatal(err)
	}
	if len(sb.got) != 2 || string(sb.got["plain"].Content) != "p" || string(sb.got["sub/deep"].Content) != "d" {
		t.Errorf("%v", sb.got)
	}
	if err := PutDir(t.Context(), &sb, filepath.Join(dir, "nowhere")); err == nil {
		t.Error("a missing directory must be an error")
	}
}

func TestResultJSON(t *testing.T) {
	b, err := json.Marshal(Result{Verdict: OK, Stdout: []byte("a\xff"), Enforcement: map[string]string{"memory": Enforced}})
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"verdict", "exit_code", "signal", "reason", "wall_ms", "cpu_ms", "peak_memory_bytes", "stdout", "stderr", "truncated", "isolation", "engine", "enforcement"} {
		if !strings.Contains(string(b), `"`+key+`":`) {
			t.Errorf("no %s in %s", key, b)
		}
	}
}
