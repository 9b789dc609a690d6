package native

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/sandbox/initbox"
	"github.com/quantumlayer/qlp/internal/sandbox/seccomp"
)

// state is a directory that belongs to this user alone and holds what every sandbox of this host shares: the few files
// of its /etc, the system call filter, the empty directory on which sized places are mounted, and the locks of user ids.
type state struct {
	dir string
}

// openState makes the directory, or checks the one that is there: somebody else's would let them choose what a sandbox
// sees.
func openState(dir string) (*state, error) {
	if dir == "" {
		dir = initbox.StateDir()
	}
	s := &state{dir: dir}
	for _, d := range []string{dir, s.path("etc"), s.path("stage"), s.path("uids")} {
		if err := initbox.OwnDir(d); err != nil {
			return nil, err
		}
	}
	return s, s.fill()
}

func (s *state) path(name string) string { return filepath.Join(s.dir, name) }

func etcFiles() map[string]string {
	return map[string]string{
		"passwd":        "root:x:0:0:root:/nonexistent:/bin/false\nsandbox:x:1000:1000:sandbox:/home/sandbox:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n",
		"group":         "root:x:0:\nsandbox:x:1000:\nnogroup:x:65534:\n",
		"hosts":         "127.0.0.1 localhost sandbox\n::1 localhost\n",
		"nsswitch.conf": "passwd: files\ngroup: files\nhosts: files\n",
		"resolv.conf":   "# no network\n",
	}
}

func (s *state) fill() error {
	program, err := seccomp.Filter()
	if err != nil {
		return err
	}
	files := map[string][]byte{s.path("filter.bpf"): program}
	for name, content := range etcFiles() {
		files[filepath.Join(s.path("etc"), name)] = []byte(content)
	}
	for _, name := range sharedEtc() {
		if err := s.share(name, files); err != nil {
			return err
		}
	}
	for path, content := range files {
		if have, err := os.ReadFile(path); err == nil && string(have) == string(content) {
			continue
		}
		if err := replaceFile(path, content); err != nil {
			return err
		}
	}
	return nil
}

// sharedEtc are the parts of the host's /etc that programs below /usr need to start: links of alternatives, the linker's
// cache, certificate authorities (no keys), settings of Java and Maven's launcher.
func sharedEtc() []string {
	names := []string{
		"/etc/alternatives", "/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/openssl.cnf", "/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ld.so.cache", "/etc/mime.types", "/etc/crypto-policies/back-ends", "/etc/ssl/certs/java/cacerts", "/etc/pki/java/cacerts",
		"/etc/maven/m2.conf", "/etc/maven/logging", // and not its settings.xml, which may hold passwords
	}
	java, _ := filepath.Glob("/etc/java-*")
	return append(names, java...)
}

// share copies a file of the host's /etc, or a directory with its files and links, as they are when the driver starts.
func (s *state) share(name string, files map[string][]byte) error {
	return filepath.WalkDir(name, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // not on this host, or not for this user's eyes
		}
		to := filepath.Join(s.path("etc"), strings.TrimPrefix(path, "/etc"))
		switch {
		case d.IsDir():
			return os.MkdirAll(to, 0o755)
		case d.Type()&fs.ModeSymlink != 0:
			return shareLink(path, to)
		case d.Type().IsRegular():
			content, err := os.ReadFile(path)
			if err != nil {
				return nil //nolint:nilerr // not for this user's eyes
			}
			files[to] = content
			return os.MkdirAll(filepath.Dir(to), 0o755)
		}
		return nil
	})
}

func shareLink(from, to string) error {
	target, err := os.Readlink(from)
	if err != nil {
		return nil //nolint:nilerr // gone since it was listed
	}
	if have, err := os.Readlink(to); err == nil && have == target {
		return nil
	}
	temp := to + ".new-" + strconv.Itoa(os.Getpid())
	if err := os.Symlink(target, temp); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("share link: %w", err)
	}
	if err := os.Rename(temp, to); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("share link: %w", err)
	}
	return nil
}

// replaceFile is safe beside another QLP process that reads or replaces the same file.
func replaceFile(path string, content []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write state file: %w", err)
	}
	_, err = f.Write(content)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
		return fmt.Errorf("write state file: %w", err)
	}
	return nil
}
