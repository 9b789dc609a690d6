package sandboxtest

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

// prelude gives Python programs raw system calls. refuse() ends the program unless the call is refused: an error such as
// EFAULT means that the kernel looked at the arguments, which is too far.
const prelude = `
import ctypes, errno, os, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def call(nr, *args):
    ctypes.set_errno(0)
    r = libc.syscall(ctypes.c_long(nr), *[ctypes.c_long(a) if isinstance(a, int) else a for a in args])
    return r, errno.errorcode.get(ctypes.get_errno(), "0")
def refuse(name, nr, *args, want=("EPERM", "ENOSYS", "EACCES")):
    r, e = call(nr, *args)
    if r != -1 or e not in want:
        print("REACHED", name, r, e); sys.stdout.flush(); os._exit(9)
def denied(name, f):
    try: f()
    except (OSError, PermissionError) as e: return
    print("REACHED", name); sys.stdout.flush(); os._exit(9)
`

func kernel() []Case {
	ok := verdicts{sandbox.OK}
	refused := func(name string, calls ...string) Case {
		return Case{Name: name, Python: strings.Join(calls, "\n") + "\nprint('refused all')", Want: ok, Says: "refused all"}
	}
	refuse := func(name string, nr int, args ...any) string {
		text := fmt.Sprintf("refuse(%q, %d", name, nr)
		for _, a := range args {
			text += fmt.Sprintf(", %v", a)
		}
		return text + ")"
	}
	cases := []Case{
		refused("io_uring", refuse("setup", unix.SYS_IO_URING_SETUP, 8, 0), refuse("enter", unix.SYS_IO_URING_ENTER, 0, 0, 0, 0, 0, 0), refuse("register", unix.SYS_IO_URING_REGISTER, 0, 0, 0, 0)),
		refused("keyrings", refuse("keyctl", unix.SYS_KEYCTL, 0, -3, 0), refuse("add_key", unix.SYS_ADD_KEY, 0, 0, 0, 0, 0), refuse("request_key", unix.SYS_REQUEST_KEY, 0, 0, 0, 0)),
		refused("bpf and perf", refuse("bpf", unix.SYS_BPF, 0, 0, 0), refuse("perf", unix.SYS_PERF_EVENT_OPEN, 0, 0, -1, -1, 0), refuse("userfaultfd", unix.SYS_USERFAULTFD, 0)),
		refused("other processes", refuse("ptrace", unix.SYS_PTRACE, 16, 1, 0, 0), refuse("readv", unix.SYS_PROCESS_VM_READV, 1, 0, 0, 0, 0, 0), refuse("kcmp", unix.SYS_KCMP, 1, 1, 0, 0, 0), refuse("pidfd_getfd", unix.SYS_PIDFD_GETFD, 0, 0, 0)),
		refused("mounts", refuse("mount", unix.SYS_MOUNT, 0, 0, 0, 0, 0), refuse("umount", unix.SYS_UMOUNT2, 0, 0), refuse("pivot_root", unix.SYS_PIVOT_ROOT, 0, 0), refuse("chroot", unix.SYS_CHROOT, 0),
			refuse("fsopen", unix.SYS_FSOPEN, 0, 0), refuse("open_tree", unix.SYS_OPEN_TREE, 0, 0, 0), refuse("move_mount", unix.SYS_MOVE_MOUNT, 0, 0, 0, 0, 0), refuse("mount_setattr", unix.SYS_MOUNT_SETATTR, 0, 0, 0, 0, 0)),
		refused("namespaces", refuse("unshare user", unix.SYS_UNSHARE, unix.CLONE_NEWUSER), refuse("unshare mount", unix.SYS_UNSHARE, unix.CLONE_NEWNS), refuse("unshare net", unix.SYS_UNSHARE, unix.CLONE_NEWNET),
			refuse("setns", unix.SYS_SETNS, 0, 0), refuse("clone user", unix.SYS_CLONE, unix.CLONE_NEWUSER|17, 0, 0, 0, 0), refuse("clone3", unix.SYS_CLONE3, 0, 0)),
		refused("file handles", refuse("name_to_handle_at", unix.SYS_NAME_TO_HANDLE_AT, 0, 0, 0, 0, 0), refuse("open_by_handle_at", unix.SYS_OPEN_BY_HANDLE_AT, 0, 0, 0)),
		refused("the machine", refuse("reboot", unix.SYS_REBOOT, 0, 0, 0, 0), refuse("init_module", unix.SYS_INIT_MODULE, 0, 0, 0), refuse("swapon", unix.SYS_SWAPON, 0, 0), refuse("syslog", unix.SYS_SYSLOG, 3, 0, 0),
			refuse("settimeofday", unix.SYS_SETTIMEOFDAY, 0, 0), refuse("sethostname", unix.SYS_SETHOSTNAME, 0, 0), refuse("acct", unix.SYS_ACCT, 0), refuse("kexec", unix.SYS_KEXEC_LOAD, 0, 0, 0, 0)),
		refused("sockets of other families", refuse("vsock", unix.SYS_SOCKET, unix.AF_VSOCK, 1, 0), refuse("alg", unix.SYS_SOCKET, unix.AF_ALG, 5, 0), refuse("packet", unix.SYS_SOCKET, unix.AF_PACKET, 3, 0),
			refuse("netlink audit", unix.SYS_SOCKET, unix.AF_NETLINK, 3, 9), refuse("raw", unix.SYS_SOCKET, unix.AF_INET, 3, 1), refuse("bluetooth", unix.SYS_SOCKET, 31, 3, 0)),
		refused("personality", refuse("read implies exec", unix.SYS_PERSONALITY, 0x0400000), refuse("solaris", unix.SYS_PERSONALITY, 13)),
		refused("terminals", refuse("TIOCSTI", unix.SYS_IOCTL, 0, unix.TIOCSTI, 0), refuse("TIOCLINUX", unix.SYS_IOCTL, 0, 0x541c, 0), refuse("TIOCSTI with a high half", unix.SYS_IOCTL, 0, 0x100000000|unix.TIOCSTI, 0)),
		refused("a system call of the future", "refuse('future', 500, want=('ENOSYS',))"),
		{
			Name: "no new privileges", Shell: `grep -q 'NoNewPrivs:.1' /proc/self/status && grep -q 'CapEff:.0000000000000000' /proc/self/status && grep -q 'CapBnd:.0000000000000000' /proc/self/status && echo bare`,
			Want: ok, Says: "bare",
		},
		{Name: "setuid copy", Shell: `cp /bin/sh /work/s; chmod 4755 /work/s; /work/s -c 'id -u'`, Want: ok, Says: "1000"},
		{Name: "device nodes", Python: `
import stat
denied("char", lambda: os.mknod("/work/mem", 0o666 | stat.S_IFCHR, os.makedev(1, 1)))
denied("block", lambda: os.mknod("/work/sda", 0o666 | stat.S_IFBLK, os.makedev(8, 0)))
print("refused all")`, Want: ok, Says: "refused all"},
	}
	for _, c := range []struct{ name, word string }{
		{"spy on a child", "spy"}, {"every namespace", "namespaces"}, {"priority", "priority"}, {"privilege", "privilege"}, {"more of the machine", "kernel"},
	} {
		cases = append(cases, Case{Name: c.name, C: c.word, Want: ok, Says: "refused all"})
	}
	if runtime.GOARCH == "amd64" {
		cases = append(cases, Case{Name: "32 bit system call", Python: `
import mmap
# mov eax, 20 (getpid); int 0x80; ret
m = mmap.mmap(-1, 4096, prot=7)
m.write(b"\xb8\x14\x00\x00\x00\xcd\x80\xc3")
f = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(m)))
print("pid", f())`, Want: verdicts{sandbox.Signaled}, SaysNot: "pid"},
			Case{
				Name: "x32 system call", Python: `refuse("x32 getpid", 0x40000000 + 39, want=("ENOSYS",)); print("refused all")`,
				Want: verdicts{sandbox.OK, sandbox.Signaled}, // container engines take the numbers for another architecture's, which is fatal
				Check: func(t T, _ *Bench, res sandbox.Result) {
					t.Helper()
					if res.Verdict == sandbox.OK && !strings.Contains(string(res.Stdout), "refused all") || res.Verdict == sandbox.Signaled && res.Signal != "SIGSYS" {
						t.Errorf("%s %s: %s", res.Verdict, res.Signal, res.Stdout)
					}
				},
			})
	}
	return cases
}

func host() []Case {
	ok := verdicts{sandbox.OK}
	return []Case{
		{Name: "canary", Shell: `cat "$CANARY" && echo seen; echo harm >"$CANARY"; rm -f "$CANARY"; echo end`, Want: ok, Says: "end", SaysNot: "untouched"},
		{
			// An empty folder is nothing of the host, and a name of the sandbox's own is none of the host's.
			Name: "host files", Shell: `for f in /etc/shadow /root /home/* /run /var/run/docker.sock /sys/kernel /boot /mnt /srv /var/log /etc/hostname; do
				[ "$f" = /home/sandbox ] && continue
				if [ -d "$f" ]; then [ -z "$(ls -A "$f" 2>&1)" ] || echo saw $f; elif [ -e "$f" ]; then [ "$(cat "$f" 2>&1)" = sandbox ] || echo saw $f; fi
			done; echo end`,
			Want: ok, Says: "end", SaysNot: "saw",
		},
		{Name: "rm -rf everything", Shell: `rm -rf / --no-preserve-root 2>/dev/null; rm -rf /usr/* /etc/* 2>/dev/null; echo end`, Want: ok, Says: "end"},
		{Name: "link out", Shell: `ln -s "$CANARY" l; echo harm >l; ln "$CANARY" h; ln -s / r; cat r/etc/shadow; ls r/proc/1/root/; echo end`, Want: ok, Says: "end"},
		{
			Name: "kernel settings", Shell: `for f in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sysrq-trigger /proc/sys/vm/drop_caches /proc/irq/0/smp_affinity /sys/kernel/uevent_helper; do (echo x >$f) 2>/dev/null && echo wrote $f; done; echo end`,
			Want: ok, Says: "end", SaysNot: "wrote",
		},
		{
			Name: "secrets of proc", Shell: `for f in /proc/1/environ /proc/1/mem /proc/1/maps /proc/1/fd /proc/1/root /proc/keys /proc/kcore /proc/kmsg /proc/timer_list; do cat $f >/tmp/got 2>/dev/null && [ -s /tmp/got ] && echo read $f; done; ls /proc/1/fd 2>/dev/null && echo read fds; echo end`,
			Want: ok, Says: "end", SaysNot: "read",
		},
		{Name: "pid 1 names no host path", Shell: `tr '\0' ' ' </proc/1/cmdline`, Want: ok, SaysNot: "/ro-bind"},
		{Name: "host processes are not there", Shell: `set -- /proc/[0-9]*; [ $# -le 3 ] && echo few`, Want: ok, Says: "few"},
		{Name: "environment of the host", Shell: `env | cut -d= -f1 | sort | tr '\n' ' '`, Want: ok, Says: "ABSTRACT CANARY HOME LANG MARK PATH PORT PWD"},
		{Name: "descriptors of the host", Shell: `ls /proc/self/fd | tr '\n' ' '`, Want: ok, Says: "0 1 2 3 "},
		{Name: "cgroups", Shell: `for f in $(find / \( -name cgroup.procs -o -name tasks -o -name '*.max' -o -name '*limit_in_bytes' -o -name release_agent -o -name notify_on_release \) 2>/dev/null | grep -i cgroup); do (echo 1 >$f) 2>/dev/null && echo wrote $f; done; mkdir /sys/fs/cgroup/mine 2>/dev/null && echo wrote; echo end`, Want: ok, Says: "end", SaysNot: "wrote"},
		{Name: "overwrite the init", Shell: `cp /bin/true /.qlp/init 2>/dev/null && echo wrote; (echo x >>/.qlp/init) 2>/dev/null && echo wrote; echo x >/proc/1/exe && echo wrote; echo end`, Want: ok, Says: "end", SaysNot: "wrote"},
		{
			Name: "git hooks and settings are inert", Files: map[string]sandbox.File{".git/hooks/pre-commit": {Content: []byte("#!/bin/sh\necho harm"), Mode: 0o755}, ".gitconfig": {Content: []byte("[core]\nfsmonitor=harm")}},
			Shell: `cat .git/hooks/pre-commit`, Want: ok, Says: "harm",
		},
		{
			Name: "compile the host's secrets", Files: map[string]sandbox.File{"a.c": {Content: []byte("#include \"/etc/shadow\"\n#include \"/root/.profile\"\nint main(){}\n")}},
			Shell: `command -v gcc >/dev/null || exit 1; gcc a.c 2>&1 | grep -c 'No such file'; exit 1`, Want: verdicts{sandbox.Nonzero}, SaysNot: "root:",
		},
		{
			Name: "build scripts are programs", Files: map[string]sandbox.File{
				"Makefile": {Content: []byte("x := $(shell cat $(CANARY); echo harm >$(CANARY))\nall:\n\t@echo made '$(x)'; setsid sleep 300 &\n")},
				"setup.py": {Content: []byte("import os\ntry: open(os.environ['CANARY'], 'w').write('harm')\nexcept OSError: pass\nos.system('setsid sleep 300 &')\n")},
			},
			Shell: `make SHELL=/bin/bash; /usr/bin/python3 setup.py; echo end`, Want: ok, Says: "end", SaysNot: "untouched",
		},
		{
			Name: "templates without end", Files: map[string]sandbox.File{"a.cc": {Content: []byte("template<int n> struct A { typedef typename A<n+1>::t t; A<n*2> a; A<n*2+1> b; };\nA<1>::t x;\n")}},
			Shell: `command -v g++ >/dev/null || exit 1; exec g++ -ftemplate-depth=1000000 a.cc`, Limits: sandbox.Limits{Wall: 4 * time.Second}, Want: bombs(),
		},
		{
			Name: "an object without end", Files: map[string]sandbox.File{"a.c": {Content: []byte("char a[1L << 34] = {1};\nint main(){}\n")}},
			Shell: `command -v gcc >/dev/null || exit 1; exec gcc -mcmodel=large a.c`, Limits: sandbox.Limits{Wall: 4 * time.Second}, Want: bombs(),
		},
		{
			Name: "compiler without end", Files: map[string]sandbox.File{"a.c": {Content: []byte("#include \"/dev/zero\"\nint main(){}\n")}},
			Shell: `command -v gcc >/dev/null || exit 1; exec gcc a.c`, Want: bombs(),
		},
	}
}

// bombs are the ways in which a compiler may be ended, or give up.
func bombs() verdicts {
	return verdicts{sandbox.OOM, sandbox.Nonzero, sandbox.TimeoutWall, sandbox.TimeoutCPU, sandbox.OutputLimit, sandbox.DiskLimit}
}

func network() []Case {
	ok := verdicts{sandbox.OK}
	connect := func(family, addr string) string {
		return fmt.Sprintf(`
s = socket.socket(socket.%s, socket.SOCK_STREAM); s.settimeout(2)
denied(%q, lambda: s.connect(%s))
`, family, addr, addr)
	}
	return []Case{
		{
			Name: "tcp out", Python: connect("AF_INET", `("1.1.1.1", 443)`) + connect("AF_INET", `("169.254.169.254", 80)`) + connect("AF_INET", `("10.0.0.1", 80)`) + connect("AF_INET", `("172.17.0.1", 2375)`) + `print("refused all")`,
			Want: ok, Says: "refused all",
		},
		{Name: "tcp6 out", Python: connect("AF_INET6", `("fd00:ec2::254", 80)`) + connect("AF_INET6", `("2606:4700:4700::1111", 443)`) + `print("refused all")`, Want: ok, Says: "refused all"},
		{Name: "udp and dns", Python: `
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
denied("udp", lambda: s.sendto(b"x", ("8.8.8.8", 53)))
denied("dns", lambda: socket.getaddrinfo("example.com", 80))
print("refused all")`, Want: ok, Says: "refused all"},
		{Name: "host loopback", Python: connect("AF_INET", `("127.0.0.1", int(os.environ["PORT"]))`) + `print("refused all")`, Want: ok, Says: "refused all"},
		{Name: "host abstract socket", Python: connect("AF_UNIX", `"\0" + os.environ["ABSTRACT"]`) + `print("refused all")`, Want: ok, Says: "refused all"},
		{Name: "whatever may listen", Go: "dial", Want: ok, Says: "end", SaysNot: "REACHED", Within: 40 * time.Second},
		{Name: "echo requests", C: "icmp", Want: ok, Says: "refused all"},
		{Name: "own loopback works", Python: `
a = socket.create_server(("127.0.0.1", 0))
b = socket.create_connection(a.getsockname())
print("works")`, Want: ok, Says: "works"},
	}
}
