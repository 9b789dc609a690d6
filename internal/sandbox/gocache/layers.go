package gocache

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Layers are the two directories. RO may be empty.
type Layers struct {
	RW string
	RO string
}

type entry struct {
	output []byte
	size   int64
	time   time.Time
	path   string
}

const maxID = 64 // bytes; the go command's are 32

func (l Layers) get(action []byte) (entry, bool) {
	for _, dir := range []string{l.RW, l.RO} {
		if dir == "" || len(action) == 0 || len(action) > maxID {
			continue
		}
		if e, err := read(dir, action); err == nil {
			return e, true
		}
	}
	return entry{}, false
}

func read(dir string, action []byte) (entry, error) {
	var e entry
	b, err := os.ReadFile(place(dir, action, "a"))
	if err != nil {
		return e, err
	}
	var output string
	var nanos int64
	if _, err := fmt.Sscanf(string(b), "v1 %s %d %d", &output, &e.size, &nanos); err != nil {
		return e, err
	}
	if e.output, err = hex.DecodeString(output); err != nil || len(e.output) == 0 || len(e.output) > maxID {
		return e, errors.New("bad output id")
	}
	e.time = time.Unix(0, nanos)
	e.path = place(dir, e.output, "d")
	st, err := os.Stat(e.path)
	if err != nil {
		return e, err
	}
	if st.Size() != e.size {
		return e, errors.New("file has another size than recorded")
	}
	return e, nil
}

func (l Layers) put(action, output []byte, size int64, body io.Reader) (string, error) {
	if len(action) == 0 || len(output) == 0 || len(action) > maxID || len(output) > maxID {
		return "", errors.New("bad id")
	}
	data := place(l.RW, output, "d")
	if st, err := os.Stat(data); err != nil || st.Size() != size {
		if err := write(data, size, body); err != nil {
			return "", err
		}
	}
	line := fmt.Sprintf("v1 %x %d %d\n", output, size, time.Now().UnixNano())
	return data, write(place(l.RW, action, "a"), int64(len(line)), strings.NewReader(line))
}

// write makes the file appear whole or not at all.
func write(path string, size int64, content io.Reader) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("make cache directory: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "tmp-*")
	if err != nil {
		return fmt.Errorf("make cache file: %w", err)
	}
	n, err := io.Copy(f, content)
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes instead of %d", n, size)
	}
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write cache file: %w", err)
	}
	return nil
}

func place(dir string, id []byte, kind string) string {
	name := hex.EncodeToString(id)
	return filepath.Join(dir, name[:2], name+"-"+kind)
}
