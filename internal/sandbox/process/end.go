package process

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// endUser kills everything that runs as uid and returns when nothing does. The killing is done by a process of that user: the
// kernel then signals all of them in one go, so that none can fork its way out.
func endUser(ctx context.Context, uid int, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for wait := time.Millisecond; running(uid); wait = min(2*wait, 50*time.Millisecond) {
		if time.Now().After(deadline) {
			return errors.New("processes of the sandbox survive SIGKILL")
		}
		kill := exec.CommandContext(ctx, "/bin/sh", "-c", "kill -9 -1")
		kill.Dir, kill.Env = "/", []string{}
		kill.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
		_ = kill.Run() // it fails when the last of them has gone by itself
		<-time.After(wait)
	}
	return nil
}

// running says whether any process has the real user id uid. Those that have ended and wait to be collected do not count.
func running(uid int) bool {
	found, _ := filepath.Glob("/proc/[0-9]*/status")
	want := strconv.Itoa(uid)
	for _, path := range found {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		var dead, same bool
		for line := range strings.Lines(string(text)) {
			f := strings.Fields(line)
			if len(f) < 2 {
				continue
			}
			switch f[0] {
			case "State:":
				dead = f[1] == "Z" || f[1] == "X"
			case "Uid:":
				same = f[1] == want
			}
		}
		if same && !dead {
			return true
		}
	}
	return false
}
