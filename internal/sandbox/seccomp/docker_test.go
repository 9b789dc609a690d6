package seccomp

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/sys/unix"
)

// TestProfileSaysTheSame reads the profile as an engine does, and asks it and the filter the same questions.
func TestProfileSaysTheSame(t *testing.T) {
	t.Parallel()
	for goarch, info := range map[string]*arch.Info{"amd64": arch.X86_64, "arm64": arch.AARCH64} {
		text, err := Profile(goarch)
		if err != nil {
			t.Fatal(err)
		}
		var p profile
		if err := json.Unmarshal(text, &p); err != nil {
			t.Fatal(err)
		}
		raw, err := filterFor(goarch)
		if err != nil {
			t.Fatal(err)
		}
		vm := machine(t, raw)
		asked := 0
		ask := func(name string, args ...uint64) {
			n, ok := info.SyscallNames[name]
			if !ok {
				return
			}
			asked++
			if got, want := p.answer(name, args), vm(uint32(info.ID), uint32(n), args...); got != want {
				t.Errorf("%s: %s%x: the profile says %#x, the filter %#x", goarch, name, args, got, want)
			}
		}
		for name := range info.SyscallNames {
			switch name {
			case "clone", "socket", "ioctl", "personality":
			default:
				ask(name)
			}
		}
		for _, flags := range []uint64{0, uint64(unix.SIGCHLD), unix.CLONE_NEWUSER, unix.CLONE_NEWNET | uint64(unix.SIGCHLD), unix.CLONE_VM | unix.CLONE_THREAD} {
			ask("clone", flags)
		}
		for family := range uint64(50) {
			for protocol := range uint64(20) {
				ask("socket", family, unix.SOCK_STREAM, protocol)
			}
		}
		for _, request := range []uint64{unix.TIOCSTI, tiocLinux, 1<<32 | unix.TIOCSTI, 7<<40 | tiocLinux, unix.TCGETS, 0, 0xffffffff, 0x5410, 0x541e, 0x5416} {
			ask("ioctl", 0, request)
		}
		for range 2000 {
			ask("ioctl", 0, unix.TIOCSTI^(1<<rand.IntN(32)))
			ask("ioctl", 0, rand.Uint64())
			ask("personality", rand.Uint64N(1<<20))
		}
		for _, v := range personalities() {
			ask("personality", v)
		}
		if asked < 5000 {
			t.Errorf("%s: only %d questions", goarch, asked)
		}
	}
}

// answer is what an engine's library makes of the rules: the first that matches, or the default.
func (p profile) answer(name string, args []uint64) uint32 {
	for _, r := range p.Syscalls {
		if !slices.Contains(r.Names, name) || !r.matches(args) {
			continue
		}
		if r.Action == "SCMP_ACT_ALLOW" {
			return allow
		}
		return 0x50000 | uint32(*r.ErrnoRet)
	}
	if slices.Contains([]string{"clone", "socket", "ioctl", "personality"}, name) {
		return eperm // which error an argument gives is the engine's default, and no program asks
	}
	return 0x50000 | uint32(p.DefaultErrnoRet)
}

func (r rule) matches(args []uint64) bool {
	for _, a := range r.Args {
		if int(a.Index) >= len(args) || args[a.Index]&a.Value != a.ValueTwo {
			return false
		}
	}
	return true
}
