package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// runc makes a bundle of the host's own files, read-only, with the namespaces that QLP's sandbox has.
func runc() (*peer, func(), error) {
	path, err := exec.LookPath("runc")
	if err != nil {
		return nil, nil, err
	}
	if os.Geteuid() != 0 {
		return nil, nil, errors.New("it is measured as root only")
	}
	dir, err := os.MkdirTemp("", "qlp-bench-runc-")
	if err != nil {
		return nil, nil, err
	}
	cleanup := func() { _ = os.RemoveAll(dir) }
	for _, name := range []string{"usr", "proc", "dev", "tmp", "work"} {
		err = errors.Join(err, os.MkdirAll(filepath.Join(dir, "rootfs", name), 0o755))
	}
	for _, name := range []string{"bin", "lib", "lib64"} {
		err = errors.Join(err, os.Symlink("usr/"+name, filepath.Join(dir, "rootfs", name)))
	}
	config, jerr := json.Marshal(runcConfig())
	err = errors.Join(err, jerr, os.WriteFile(filepath.Join(dir, "config.json"), config, 0o600))
	if err != nil {
		cleanup()
		return nil, nil, err
	}
	n := 0
	p := &peer{name: "runc run, same namespaces, memory and process limit", run: func() (time.Duration, error) {
		n++
		cmd := exec.Command(path, "run", "--bundle", dir, fmt.Sprintf("qlp-bench-%d-%d", os.Getpid(), n))
		start := time.Now()
		out, err := cmd.CombinedOutput()
		took := time.Since(start)
		if err != nil {
			err = fmt.Errorf("%w: %.300s", err, out)
		}
		return took, err
	}}
	if _, err := p.run(); err != nil {
		cleanup()
		return nil, nil, err
	}
	return p, cleanup, nil
}

func runcConfig() map[string]any {
	type m = map[string]any
	tmpfs := func(at string) m {
		return m{"destination": at, "type": "tmpfs", "source": "tmpfs", "options": []string{"nosuid", "nodev", "size=1g"}}
	}
	var namespaces []m
	for _, ns := range []string{"pid", "network", "ipc", "uts", "mount"} {
		namespaces = append(namespaces, m{"type": ns})
	}
	return m{
		"ociVersion": "1.0.2",
		"process": m{
			"terminal": false, "user": m{"uid": 20001, "gid": 20001}, "args": []string{"/bin/true"}, "cwd": "/",
			"env": []string{"PATH=/usr/bin"}, "noNewPrivileges": true,
		},
		"root":     m{"path": "rootfs", "readonly": true},
		"hostname": "sandbox",
		"mounts": []m{
			{"destination": "/proc", "type": "proc", "source": "proc"},
			{"destination": "/usr", "type": "bind", "source": "/usr", "options": []string{"rbind", "ro"}},
			{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": []string{"nosuid", "mode=755"}},
			tmpfs("/tmp"), tmpfs("/work"),
		},
		"linux": m{
			"namespaces": namespaces,
			"resources":  m{"memory": m{"limit": 1 << 30}, "pids": m{"limit": 512}},
		},
	}
}
