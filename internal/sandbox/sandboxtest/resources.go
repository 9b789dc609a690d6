package sandboxtest

import (
	"time"

	"github.com/quantumlayer/qlp/internal/sandbox"
)

type verdicts = []sandbox.Verdict

// ends are the ways a program may end by itself.
func ends() []Case {
	return []Case{
		{Name: "ok", Shell: "echo hello", Want: verdicts{sandbox.OK}, Says: "hello\n"},
		{Name: "exit 3", Shell: "exit 3", Want: verdicts{sandbox.Nonzero}, Check: func(t T, _ *Bench, r sandbox.Result) {
			if r.ExitCode != 3 {
				t.Errorf("exit code %d", r.ExitCode)
			}
		}},
		{Name: "segfault", Shell: "kill -SEGV $$", Want: verdicts{sandbox.Signaled}, Check: signal("SIGSEGV")},
		{Name: "segfault in C", C: "segfault", Want: verdicts{sandbox.Signaled}, Check: signal("SIGSEGV")},
		{Name: "stack without end", C: "stack", Want: verdicts{sandbox.Signaled}, Check: signal("SIGSEGV")},
		{Name: "exit 139 is no segfault", Shell: "exit 139", Want: verdicts{sandbox.Nonzero}},
		{Name: "exit 137 is no OOM", Shell: "exit 137", Want: verdicts{sandbox.Nonzero}},
		{Name: "abort", Shell: "kill -ABRT $$", Want: verdicts{sandbox.Signaled}},
		{Name: "core dump", Shell: "ulimit -c unlimited 2>/dev/null; kill -QUIT $$; ls", Want: verdicts{sandbox.Signaled}},
		{Name: "stop oneself", Shell: "kill -STOP $$; echo on", Want: verdicts{sandbox.TimeoutWall}, Limits: sandbox.Limits{Wall: time.Second}},
		{Name: "parent ends by OK after a child crashed", Shell: "sh -c 'kill -SEGV $$'; exit 0", Want: verdicts{sandbox.OK}},
	}
}

// signal says which one must have ended the program.
func signal(name string) func(T, *Bench, sandbox.Result) {
	return func(t T, _ *Bench, r sandbox.Result) {
		t.Helper()
		if r.Signal != name || r.ExitCode != -1 {
			t.Errorf("signal %q, exit code %d, want %s", r.Signal, r.ExitCode, name)
		}
	}
}

func processes() []Case {
	second := sandbox.Limits{Wall: 2 * time.Second}
	held := verdicts{sandbox.TimeoutWall, sandbox.TimeoutCPU, sandbox.Nonzero, sandbox.Signaled, sandbox.OK}
	return []Case{
		{Name: "fork bomb", Shell: `b() { b | b & }; b; sleep 60`, Limits: second, Want: held},
		{Name: "fork bomb in Python", Python: `
while True:
    try: os.fork()
    except OSError: pass`, Limits: second, Want: held, Reason: sandbox.ReasonPids, Needs: "pids"},
		{Name: "thread bomb", Python: `
import threading, time
n = 0
try:
    for i in range(500):
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start(); n += 1
except RuntimeError: print("refused", n, flush=True)
os._exit(0 if n < 200 else 1)`, Want: verdicts{sandbox.OK}, Says: "refused"},
		{Name: "daemon after exit 0", Shell: `setsid sh -c 'sleep 300' >/dev/null 2>&1 & exit 0`, Want: verdicts{sandbox.OK}},
		{Name: "daemon holds stdout", Shell: `setsid sleep 300 & echo out; exit 0`, Want: verdicts{sandbox.OK}, Says: "out", Within: 5 * time.Second},
		{Name: "double fork and timeout", Python: `
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import time
        time.sleep(300)
    os._exit(0)
import time
time.sleep(300)`, Limits: second, Want: verdicts{sandbox.TimeoutWall}},
		{Name: "signals ignored", Shell: `trap '' TERM INT HUP QUIT; while :; do sleep 1; done`, Limits: second, Want: verdicts{sandbox.TimeoutWall}},
		{Name: "kill everything", Shell: `kill -9 -1; sleep 1; echo alive`, Want: verdicts{sandbox.Signaled, sandbox.OK, sandbox.TimeoutWall, sandbox.Nonzero}},
		{
			Name: "kill pid 1", Shell: `for s in HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STOP SYS; do kill -$s 1; done; sleep 0.2; echo alive`,
			Want: verdicts{sandbox.OK}, Says: "alive",
		},
		{Name: "orphans in a row", Shell: `i=0; while [ $i -lt 30 ]; do (sleep 100 &) ; i=$((i+1)); done; echo done`, Want: verdicts{sandbox.OK}, Says: "done"},
		{Name: "file descriptors", Python: `
n = 0
try:
    while True: os.dup(0); n += 1
except OSError as e: print("refused at", n, flush=True)
os._exit(0 if n <= 1024 else 1)`, Want: verdicts{sandbox.OK}, Says: "refused"},
		{Name: "tasks that are no threads", C: "threads", Want: verdicts{sandbox.OK}, Says: "refused"},
		{Name: "threads of Go", Go: "threads", Want: verdicts{sandbox.Nonzero, sandbox.Signaled}, SaysNot: "escaped", Reason: sandbox.ReasonPids, Needs: "pids"},
		{Name: "daemons of Go hold the output", Go: "daemons", Want: verdicts{sandbox.OK}, Says: "left", Within: 5 * time.Second},
		{Name: "zombies and stopped ones", C: "zombies", Want: verdicts{sandbox.OK}, Says: "left"},
		{Name: "processes that replace themselves", C: "relay", Want: held, Limits: second},
		{Name: "descriptors in flight", C: "passing", Want: verdicts{sandbox.OK}, Says: "held"},
		{Name: "timers", C: "timers", Want: verdicts{sandbox.OK}, Says: "held"},
		{Name: "raise limits in C", C: "limits", Want: verdicts{sandbox.OK}, Says: "refused all"},
		{Name: "raise a limit", Shell: `ulimit -n 4096 || echo refused; ulimit -c 1 || echo refused`, Want: verdicts{sandbox.OK, sandbox.Nonzero}, Says: "refused"},
	}
}

func memory() []Case {
	killed := verdicts{sandbox.OOM}
	return []Case{
		{Name: "heap", Python: `
b = []
while True: b.append(bytearray(1<<20))`, Want: killed},
		{Name: "heap in a child, parent fails", Python: `
pid = os.fork()
if pid == 0:
    b = []
    while True: b.append(bytearray(1<<20))
_, s = os.waitpid(pid, 0)
sys.exit(1 if s else 0)`, Want: killed},
		{Name: "heap in a child, parent ends well", Python: `
pid = os.fork()
if pid == 0:
    b = []
    while True: b.append(bytearray(1<<20))
os.waitpid(pid, 0)`, Want: verdicts{sandbox.OK, sandbox.OOM}, Check: func(t T, _ *Bench, r sandbox.Result) {
			if r.OOMKills == 0 {
				t.Error("the kill is not reported")
			}
			if r.Verdict == sandbox.OK && r.Reason != sandbox.ReasonChildOOM {
				t.Errorf("reason %q", r.Reason)
			}
		}},
		{Name: "mmap", Python: `
import mmap
m = mmap.mmap(-1, 1<<30)
for i in range(0, 1<<30, 4096): m[i] = 1`, Want: killed},
		{Name: "memfd", Python: `
fd = os.memfd_create("x")
b = bytes(1<<20)
for i in range(400): os.write(fd, b)
print("escaped")`, Want: verdicts{sandbox.OOM, sandbox.DiskLimit, sandbox.Nonzero, sandbox.Signaled}, SaysNot: "escaped", Needs: "memory"},
		{Name: "many children", Shell: `for i in 1 2 3 4 5 6 7 8; do python3 -c 'import time
b = bytearray(60<<20)
time.sleep(5)' & done; wait; exit 1`, Want: verdicts{sandbox.OOM}},
		{Name: "heap of Go", Go: "heap", Want: killed},
		{Name: "shared memory of System V", C: "sysv", Want: verdicts{sandbox.OOM, sandbox.Nonzero, sandbox.Signaled}, SaysNot: "escaped", Needs: "memory"},
		{Name: "pipes full of it", C: "pipes", Want: verdicts{sandbox.OK, sandbox.OOM}, SaysNot: "escaped"},
		{Name: "locked", C: "locked", Want: verdicts{sandbox.OK, sandbox.OOM}, SaysNot: "REACHED"},
		{Name: "the page cache is nobody's", Shell: `cat /usr/bin/* /usr/lib/*/*.so* 2>/dev/null | head -c 300000000 | wc -c; echo fine`, Want: verdicts{sandbox.OK}, Says: "fine"},
		{Name: "little is fine", Python: `b = bytearray(40<<20); print("fine")`, Want: verdicts{sandbox.OK}, Says: "fine"},
	}
}

func disk() []Case {
	full := verdicts{sandbox.DiskLimit}
	return []Case{
		{Name: "fill work", Shell: `for i in 1 2 3 4 5 6; do dd if=/dev/zero of=/work/f$i bs=1M count=10 2>/dev/null || exit 1; done`, Want: full, Reason: sandbox.ReasonDiskFull},
		{Name: "fill tmp", Shell: `for i in 1 2 3 4 5 6; do dd if=/dev/zero of=/tmp/f$i bs=1M count=10 2>/dev/null || exit 1; done`, Want: full},
		{Name: "fill shm", Shell: `for i in 1 2 3 4 5 6 7; do dd if=/dev/zero of=/dev/shm/f$i bs=1M count=10 2>/dev/null || exit 1; done`, Want: full},
		{
			Name: "cope with a full disk", Shell: `for i in 1 2 3 4 5; do dd if=/dev/zero of=/work/f$i bs=1M count=10 2>/dev/null || break; done; rm /work/f*; echo coped`,
			Want: verdicts{sandbox.OK}, Says: "coped",
		},
		{Name: "one huge file", Python: `
import signal
signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
f = open("/work/big", "wb")
while True: f.write(bytes(1<<20)); f.flush()`, Want: full, Reason: sandbox.ReasonFileSize},
		{Name: "a million files", Python: `
for i in range(1000000): open(f"/work/{i}", "w").close()`, Want: full, Reason: sandbox.ReasonInodes},
		{Name: "sparse file", Python: `
f = open("/work/sparse", "wb")
f.truncate(4<<30)
print("made")`, Want: verdicts{sandbox.Nonzero, sandbox.Signaled, sandbox.DiskLimit}, SaysNot: "made"},
		{Name: "deep directories", Python: `
os.chdir("/work")
for i in range(1500):
    os.mkdir("d"); os.chdir("d")
print("made")`, Want: verdicts{sandbox.OK}, Says: "made"},
		{Name: "odd names", Python: `
for n in [b"\xff\xfe", b"a\nb", b"x"*255, b"-rf", b"\x1b[2J"]: open(b"/work/"+n, "w").close()
print("made")`, Want: verdicts{sandbox.OK}, Says: "made"},
		{Name: "allocate without writing", C: "allocate", Want: verdicts{sandbox.OK, sandbox.Nonzero, sandbox.Signaled, sandbox.DiskLimit}, SaysNot: "REACHED"},
		{Name: "names and paths too long", C: "names", Want: verdicts{sandbox.OK}, Says: "refused all"},
		{
			Name: "root and dev are read-only", Shell: `for d in / /dev /usr /etc /home /var /.qlp; do (echo x >$d/x) 2>/dev/null && echo wrote $d; done; echo end`,
			Want: verdicts{sandbox.OK}, Says: "end", SaysNot: "wrote",
		},
	}
}

func output() []Case {
	return []Case{
		{Name: "flood stdout", Shell: `yes`, Want: verdicts{sandbox.OutputLimit}},
		{Name: "flood stderr", Shell: `yes >&2`, Want: verdicts{sandbox.OutputLimit}},
		{Name: "flood both without newlines", Shell: `cat /dev/zero & cat /dev/zero >&2`, Want: verdicts{sandbox.OutputLimit}},
		{Name: "flood of Go on both", Go: "flood", Want: verdicts{sandbox.OutputLimit}},
		{Name: "output after the limit", Shell: `trap '' PIPE TERM XFSZ; while :; do head -c 100000 /dev/zero; head -c 100000 /dev/zero >&2; done`, Want: verdicts{sandbox.OutputLimit}},
		{
			Name: "head and tail are kept", Shell: `echo first; yes | head -c 300000; echo last`, Want: verdicts{sandbox.OK}, Says: "first\n",
			Check: func(t T, _ *Bench, r sandbox.Result) {
				if !r.Truncated || len(r.Stdout) > 66<<10 || string(r.Stdout[len(r.Stdout)-5:]) != "last\n" || r.StdoutBytes != 300011 {
					t.Errorf("truncated %v, kept %d of %d bytes, ends with %q", r.Truncated, len(r.Stdout), r.StdoutBytes, r.Stdout[len(r.Stdout)-5:])
				}
			},
		},
		{Name: "open stdout again", Shell: `echo a >/dev/stdout; echo b >/dev/stderr; echo c >/proc/self/fd/1`, Want: verdicts{sandbox.OK}, Says: "c"},
	}
}

func times() []Case {
	return []Case{
		{Name: "sleep", Shell: `sleep 60`, Limits: sandbox.Limits{Wall: 700 * time.Millisecond}, Want: verdicts{sandbox.TimeoutWall}, Within: 3 * time.Second},
		{Name: "spin", Shell: `while :; do :; done`, Limits: sandbox.Limits{CPUTime: 700 * time.Millisecond}, Want: verdicts{sandbox.TimeoutCPU}, Within: 5 * time.Second},
		{Name: "spin deaf to all signals", C: "stubborn", Limits: sandbox.Limits{CPUTime: 700 * time.Millisecond}, Want: verdicts{sandbox.TimeoutCPU}, Within: 5 * time.Second},
		{Name: "spin in Go", Go: "spin", Limits: sandbox.Limits{CPUTime: 700 * time.Millisecond}, Want: verdicts{sandbox.TimeoutCPU}, Within: 5 * time.Second},
		{
			Name: "spin in many children", Shell: `for i in 1 2 3 4; do (while :; do :; done) & done; wait`, Limits: sandbox.Limits{CPUTime: 700 * time.Millisecond},
			Want: verdicts{sandbox.TimeoutCPU}, Within: 5 * time.Second,
		},
		{
			Name: "silence", Shell: `echo a; sleep 60`, Limits: sandbox.Limits{Idle: 500 * time.Millisecond}, Want: verdicts{sandbox.TimeoutWall},
			Reason: sandbox.ReasonIdle, Within: 3 * time.Second,
		},
		{
			Name: "many processors", Shell: `for i in 1 2 3 4; do (while :; do :; done) & done; sleep 1; exit 0`, Limits: sandbox.Limits{CPUs: 0.5, Wall: 5 * time.Second},
			Want: verdicts{sandbox.OK}, Needs: "cpus", Check: func(t T, _ *Bench, r sandbox.Result) {
				if share := r.CPU.Seconds() / r.Wall.Seconds(); share > 0.8 {
					t.Errorf("used %.2f processors", share)
				}
			},
		},
	}
}
