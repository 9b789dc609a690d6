package initbox

import (
	"encoding/binary"
	"testing"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// The filter is run here as the kernel would, for both architectures; the suite then meets it in the kernel itself.

const (
	allow  = uint32(seccomp.ActionAllow)
	eperm  = uint32(seccomp.ActionErrno) | uint32(unix.EPERM)
	enosys = uint32(seccomp.ActionErrno) | uint32(unix.ENOSYS)
	kill   = uint32(seccomp.ActionKillProcess)
)

func TestFilter(t *testing.T) {
	for goarch, info := range map[string]*arch.Info{"amd64": arch.X86_64, "arm64": arch.AARCH64} {
		t.Run(goarch, func(t *testing.T) {
			raw, err := filterFor(goarch)
			if err != nil {
				t.Fatal(err)
			}
			vm := machine(t, raw)
			run := func(name string, args ...uint64) uint32 {
				n, ok := info.SyscallNames[name]
				if !ok {
					t.Fatalf("%s has no %s", goarch, name)
				}
				return vm(uint32(info.ID), uint32(n), args...)
			}
			for _, name := range denied() {
				if _, ok := info.SyscallNames[name]; ok {
					if got := run(name); got != eperm {
						t.Errorf("%s: %#x", name, got)
					}
				}
			}
			for _, name := range []string{"read", "write", "openat", "execve", "mmap", "futex", "kill", "prctl", "prlimit64", "getrandom", "memfd_create", "landlock_create_ruleset"} {
				if got := run(name); got != allow {
					t.Errorf("%s: %#x", name, got)
				}
			}
			for _, c := range []struct {
				name string
				args []uint64
				want uint32
			}{
				{"clone3", nil, enosys},
				{"clone", []uint64{unix.CLONE_VM | unix.CLONE_VFORK | 17}, allow},
				{"clone", []uint64{unix.CLONE_NEWUSER | 17}, eperm},
				{"clone", []uint64{unix.CLONE_NEWNS}, eperm},
				{"clone", []uint64{unix.CLONE_NEWNET}, eperm},
				{"clone", []uint64{unix.CLONE_NEWPID}, eperm},
				{"socket", []uint64{unix.AF_UNIX, 1, 0}, allow},
				{"socket", []uint64{unix.AF_INET, 1, 0}, allow},
				{"socket", []uint64{unix.AF_INET6, 2, 0}, allow},
				{"socket", []uint64{unix.AF_NETLINK, 3, 0}, allow},
				{"socket", []uint64{unix.AF_NETLINK, 3, 9}, eperm},
				{"socket", []uint64{unix.AF_VSOCK, 1, 0}, eperm},
				{"socket", []uint64{unix.AF_ALG, 5, 0}, eperm},
				{"socket", []uint64{unix.AF_PACKET, 3, 0}, eperm},
				{"ioctl", []uint64{0, unix.TIOCSTI}, eperm},
				{"ioctl", []uint64{0, 1<<32 | unix.TIOCSTI}, eperm},
				{"ioctl", []uint64{0, tiocLinux}, eperm},
				{"ioctl", []uint64{0, unix.TCGETS}, allow},
				{"personality", []uint64{0}, allow},
				{"personality", []uint64{0xffffffff}, allow},
				{"personality", []uint64{0x40000}, allow},
				{"personality", []uint64{13}, eperm},
			} {
				if got := run(c.name, c.args...); got != c.want {
					t.Errorf("%s%v: %#x, want %#x", c.name, c.args, got, c.want)
				}
			}
			if got := vm(uint32(info.ID), newest+1); got != enosys {
				t.Errorf("a system call of the future: %#x", got)
			}
			if got := vm(uint32(info.ID), 1<<30+39); got != enosys {
				t.Errorf("an x32 call: %#x", got)
			}
			if got := vm(uint32(arch.I386.ID), 20); got != kill {
				t.Errorf("another architecture: %#x", got)
			}
		})
	}
	if _, err := filterFor("mips"); err == nil {
		t.Error("an architecture without a filter must be refused")
	}
}

// machine runs raw over a struct seccomp_data. The interpreter loads words in network order, so the data is laid out so.
func machine(t *testing.T, raw []bpf.RawInstruction) func(archID, nr uint32, args ...uint64) uint32 {
	t.Helper()
	program, ok := bpf.Disassemble(raw)
	if !ok {
		t.Fatal("the filter does not disassemble")
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	return func(archID, nr uint32, args ...uint64) uint32 {
		data := make([]byte, 64)
		binary.BigEndian.PutUint32(data[0:], nr)
		binary.BigEndian.PutUint32(data[4:], archID)
		for i, a := range args {
			binary.BigEndian.PutUint32(data[16+8*i:], uint32(a))
			binary.BigEndian.PutUint32(data[20+8*i:], uint32(a>>32))
		}
		got, err := vm.Run(data)
		if err != nil {
			t.Fatal(err)
		}
		return uint32(got)
	}
}
