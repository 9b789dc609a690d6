package initbox

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
	"slices"

	seccomp "github.com/elastic/go-seccomp-bpf"
	"github.com/elastic/go-seccomp-bpf/arch"
	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

// denied are refused with EPERM: errors, not kills, because kills make language runtimes flaky and hide the cause. Names
// that an architecture does not have are skipped.
func denied() []string {
	return []string{
		// A second way into the kernel that filters cannot see.
		"io_uring_setup", "io_uring_enter", "io_uring_register", "userfaultfd", "bpf", "perf_event_open",
		// Shared, not in any namespace: a channel between sandboxes.
		"keyctl", "add_key", "request_key",
		// Other processes' memory and descriptors.
		"ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp",
		// The mount table and the namespaces.
		"mount", "umount", "umount2", "fsopen", "fsconfig", "fsmount", "fspick", "move_mount", "mount_setattr", "open_tree",
		"pivot_root", "chroot", "setns", "unshare", "name_to_handle_at", "open_by_handle_at",
		// The machine.
		"init_module", "finit_module", "delete_module", "create_module", "get_kernel_syms", "query_module", "kexec_load",
		"kexec_file_load", "reboot", "swapon", "swapoff", "syslog", "acct", "quotactl", "quotactl_fd", "settimeofday",
		"clock_settime", "clock_adjtime", "adjtimex", "sethostname", "setdomainname", "vhangup", "iopl", "ioperm",
		"modify_ldt", "nfsservctl", "uselib", "ustat", "sysfs", "_sysctl", "lookup_dcookie", "afs_syscall",
		// Rarely used and often broken.
		"memfd_secret", "fanotify_init", "fanotify_mark", "vmsplice",
	}
}

// newest is the last system call whose meaning is known here; what is newer does not exist, so that libraries fall back
// to what they did before. The number is the same on both architectures.
const newest = 462 // mseal

const (
	cloneNewAny = unix.CLONE_NEWNS | unix.CLONE_NEWCGROUP | unix.CLONE_NEWUTS | unix.CLONE_NEWIPC | unix.CLONE_NEWUSER |
		unix.CLONE_NEWPID | unix.CLONE_NEWNET
	archOffset = 4
	nrOffset   = 0
)

const (
	retEPERM  = seccomp.Action(uint32(seccomp.ActionErrno) | uint32(unix.EPERM))
	retENOSYS = seccomp.Action(uint32(seccomp.ActionErrno) | uint32(unix.ENOSYS))
)

// filterFor assembles the filter for "amd64" or "arm64".
func filterFor(goarch string) ([]bpf.RawInstruction, error) {
	var info *arch.Info
	switch goarch {
	case "amd64":
		info = arch.X86_64
	case "arm64":
		info = arch.AARCH64
	default:
		return nil, fmt.Errorf("assemble system call filter: architecture %s is not supported", goarch)
	}
	p := seccomp.NewProgram()
	b := &filter{p: &p, nr: info.SyscallNames}
	b.tooNew()
	b.special()
	b.deny()
	p.Ret(seccomp.ActionAllow)
	body, err := p.Assemble()
	if err != nil {
		return nil, fmt.Errorf("assemble system call filter: %w", err)
	}
	// Another architecture's calls have other numbers: there is no honest reason to make one.
	program := append([]bpf.Instruction{
		bpf.LoadAbsolute{Off: archOffset, Size: 4},
		bpf.JumpIf{Cond: bpf.JumpEqual, Val: uint32(info.ID), SkipTrue: 1},
		bpf.RetConstant{Val: uint32(seccomp.ActionKillProcess)},
		bpf.LoadAbsolute{Off: nrOffset, Size: 4},
	}, body...)
	return bpf.Assemble(program)
}

type filter struct {
	p  *seccomp.Program
	nr map[string]int
}

// tooNew also catches the x32 numbers, which begin at 1<<30.
func (f *filter) tooNew() {
	yes, no := f.p.NewLabel(), f.p.NewLabel()
	f.p.JmpIf(bpf.JumpGreaterThan, newest, yes, no)
	f.p.SetLabel(yes)
	f.p.Ret(retENOSYS)
	f.p.SetLabel(no)
}

func (f *filter) deny() {
	var numbers []uint32
	for _, name := range denied() {
		if n, ok := f.nr[name]; ok && !slices.Contains(numbers, uint32(n)) {
			numbers = append(numbers, uint32(n))
		}
	}
	yes, no := f.p.NewLabel(), f.p.NewLabel()
	for i, n := range numbers {
		if i < len(numbers)-1 {
			f.p.JmpIfTrue(bpf.JumpEqual, n, yes)
		} else {
			f.p.JmpIf(bpf.JumpEqual, n, yes, no)
		}
	}
	f.p.SetLabel(yes)
	f.p.Ret(retEPERM)
	f.p.SetLabel(no)
}

// special are the calls that are allowed or not by their arguments.
func (f *filter) special() {
	// clone3 hides its flags behind a pointer: libraries fall back to clone.
	f.call("clone3", func() { f.p.Ret(retENOSYS) })
	f.call("clone", func() {
		bad, good := f.p.NewLabel(), f.p.NewLabel()
		f.p.LdLo(0)
		f.p.JmpIf(bpf.JumpBitsSet, cloneNewAny, bad, good)
		f.finish(bad, good)
	})
	f.call("socket", f.socket)
	f.call("ioctl", func() {
		// The kernel looks at the low half only, and so does this (CVE-2019-7303).
		bad, good := f.p.NewLabel(), f.p.NewLabel()
		f.p.LdLo(1)
		f.p.JmpIfTrue(bpf.JumpEqual, unix.TIOCSTI, bad)
		f.p.JmpIf(bpf.JumpEqual, tiocLinux, bad, good)
		f.finish(bad, good)
	})
	f.call("personality", func() {
		bad, good := f.p.NewLabel(), f.p.NewLabel()
		f.p.LdLo(0)
		// Linux, Linux with the odd UNAME26 and 32 bit flags, "tell me", and without address randomisation (gdb, ASan).
		for _, v := range []uint32{0, 8, 0x20000, 0x20008, 0x40000} {
			f.p.JmpIfTrue(bpf.JumpEqual, v, good)
		}
		f.p.JmpIf(bpf.JumpEqual, 0xffffffff, good, bad)
		f.finish(bad, good)
	})
}

const tiocLinux = 0x541c

// socket lets through what the network namespace isolates, and of netlink only the routing table, which Node and Go read
// to list interfaces.
func (f *filter) socket() {
	bad, good, netlink := f.p.NewLabel(), f.p.NewLabel(), f.p.NewLabel()
	f.p.LdLo(0)
	for _, family := range []uint32{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6} {
		f.p.JmpIfTrue(bpf.JumpEqual, family, good)
	}
	f.p.JmpIf(bpf.JumpEqual, unix.AF_NETLINK, netlink, bad)
	f.p.SetLabel(netlink)
	f.p.LdLo(2)
	f.p.JmpIf(bpf.JumpEqual, unix.NETLINK_ROUTE, good, bad)
	f.finish(bad, good)
}

func (f *filter) finish(bad, good seccomp.Label) {
	f.p.SetLabel(bad)
	f.p.Ret(retEPERM)
	f.p.SetLabel(good)
	f.p.Ret(seccomp.ActionAllow)
}

// call runs body for one system call. The number is still loaded afterwards for all others.
func (f *filter) call(name string, body func()) {
	n, ok := f.nr[name]
	if !ok {
		return
	}
	yes, no := f.p.NewLabel(), f.p.NewLabel()
	f.p.JmpIf(bpf.JumpEqual, uint32(n), yes, no)
	f.p.SetLabel(yes)
	body()
	f.p.SetLabel(no)
}

// FilterBytes is the filter of this machine, in the kernel's own form.
func FilterBytes() ([]byte, error) {
	raw, err := filterFor(runtime.GOARCH)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, in := range raw {
		_ = binary.Write(&b, binary.NativeEndian, in.Op)
		b.Write([]byte{in.Jt, in.Jf})
		_ = binary.Write(&b, binary.NativeEndian, in.K)
	}
	return b.Bytes(), nil
}
