// Hostile programs in C, one for each word that it is called with. Built static, without any library of the sandbox.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/capability.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#define MIB (1L << 20)

static void reached(const char *what) {
	printf("REACHED %s\n", what);
	fflush(stdout);
	_exit(9);
}

// refused ends the program unless r is an error that says no.
static void refused(const char *what, long r) {
	if (r != -1 || (errno != EPERM && errno != ENOSYS && errno != EACCES)) {
		printf("REACHED %s: %ld, errno %d\n", what, r, errno);
		fflush(stdout);
		_exit(9);
	}
}

static int done(void) {
	puts("refused all");
	return 0;
}

static int segfault(void) {
	*(volatile int *)0 = 1;
	return 0;
}

static int deeper(volatile char *above) {
	volatile char frame[4096];
	frame[0] = above ? above[0] : 1;
	return deeper(frame) + frame[0];
}

static int stack(void) { return deeper(NULL); }

// Segments of shared memory outlive their process; so do not mark them for removal.
static int sysv(void) {
	for (int i = 0; i < 64; i++) {
		int id = shmget(IPC_PRIVATE, 8 * MIB, IPC_CREAT | 0600);
		char *p = id < 0 ? (char *)-1 : shmat(id, NULL, 0);
		if (p == (char *)-1) return 3;
		memset(p, 1, 8 * MIB);
	}
	puts("escaped");
	return 0;
}

static int pipes(void) {
	long filled = 0;
	static char page[4096];
	for (int i = 0; i < 500; i++) {
		int p[2];
		if (pipe2(p, O_NONBLOCK)) break;
		fcntl(p[1], F_SETPIPE_SZ, MIB);
		for (ssize_t n; (n = write(p[1], page, sizeof page)) > 0;) filled += n;
	}
	puts(filled > 256 * MIB ? "escaped" : "held");
	return 0;
}

static int locked(void) {
	char *p = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED || !mlock(p, 64 * MIB)) reached("mlock");
	if (!mlockall(MCL_CURRENT | MCL_FUTURE) && !mlock(p, 64 * MIB)) reached("mlockall");
	return done();
}

static int allocate(void) {
	int fd = open("big", O_CREAT | O_WRONLY, 0600);
	signal(SIGXFSZ, SIG_IGN);
	if (fd < 0 || !fallocate(fd, 0, 0, 1024 * MIB) || !posix_fallocate(fd, 0, 1024 * MIB)) reached("fallocate");
	if (!ftruncate(fd, 1024 * MIB)) reached("ftruncate");
	if (lseek(fd, 4096 * MIB, SEEK_SET) > 0 && write(fd, "x", 1) == 1) reached("a write behind 4 GiB");
	return done();
}

static int spy(void) {
	static char secret[] = "secret", got[sizeof secret];
	pid_t child = fork();
	if (!child) {
		sleep(20);
		_exit(0);
	}
	struct iovec local = {got, sizeof got}, remote = {secret, sizeof secret};
	refused("PTRACE_ATTACH", ptrace(PTRACE_ATTACH, child, NULL, NULL));
	refused("PTRACE_SEIZE", ptrace(PTRACE_SEIZE, child, NULL, NULL));
	refused("PTRACE_TRACEME", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	refused("process_vm_readv", process_vm_readv(child, &local, 1, &remote, 1, 0));
	refused("process_vm_writev", process_vm_writev(child, &local, 1, &remote, 1, 0));
	kill(child, SIGKILL);
	return done();
}

static int namespaces(void) {
	struct { const char *name; long flag; } all[] = {
		{"user", CLONE_NEWUSER}, {"mount", CLONE_NEWNS}, {"pid", CLONE_NEWPID}, {"net", CLONE_NEWNET},
		{"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS}, {"cgroup", CLONE_NEWCGROUP}, {"time", 0x80},
	};
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		refused(all[i].name, unshare(all[i].flag));
		if (all[i].flag != 0x80) refused(all[i].name, syscall(SYS_clone, all[i].flag | SIGCHLD, 0, 0, 0, 0));
	}
	const char *own[] = {"user", "mnt", "pid", "net", "ipc", "uts", "cgroup"};
	for (unsigned i = 0; i < sizeof own / sizeof *own; i++) {
		char path[64];
		snprintf(path, sizeof path, "/proc/self/ns/%s", own[i]);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) refused(path, syscall(SYS_setns, fd, 0));
	}
	char args[88] = {0};
	refused("clone3", syscall(SYS_clone3, args, sizeof args));
	return done();
}

static int limits(void) {
	int all[] = {RLIMIT_CORE, RLIMIT_CPU, RLIMIT_FSIZE, RLIMIT_MEMLOCK, RLIMIT_MSGQUEUE, RLIMIT_NICE, RLIMIT_NOFILE, RLIMIT_RTPRIO, RLIMIT_SIGPENDING, RLIMIT_STACK};
	for (unsigned i = 0; i < sizeof all / sizeof *all; i++) {
		struct rlimit l;
		getrlimit(all[i], &l);
		if (l.rlim_max == RLIM_INFINITY) reached("no limit is set");
		l.rlim_max++;
		if (!setrlimit(all[i], &l)) reached("a limit was raised");
	}
	return done();
}

static int priority(void) {
	struct sched_param fifo = {.sched_priority = 50};
	if (!setpriority(PRIO_PROCESS, 0, -20)) reached("nice -20");
	if (!sched_setscheduler(0, SCHED_FIFO, &fifo)) reached("real time");
	if (!syscall(SYS_ioprio_set, 1, 0, 1 << 13)) reached("real time for disks");
	int fd = open("/proc/self/oom_score_adj", O_WRONLY);
	if (fd >= 0 && write(fd, "-1000", 5) > 0) reached("out of the reach of the memory killer");
	return done();
}

static int privilege(void) {
	struct __user_cap_header_struct h = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct d[2];
	memset(d, 0xff, sizeof d);
	if (!setuid(0) || !setgid(0) || !setresuid(-1, 0, -1)) reached("another user");
	refused("setgroups", syscall(SYS_setgroups, 0, NULL));
	refused("capset", syscall(SYS_capset, &h, d));
	int fd = open("capable", O_CREAT | O_WRONLY, 0755);
	unsigned v[5] = {0x02000001, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
	if (fd < 0 || !fsetxattr(fd, "security.capability", v, sizeof v, 0)) reached("file capabilities");
	if (!fchown(fd, 0, 0)) reached("a file of root's");
	return done();
}

static int kernel(void) {
	struct timespec t = {0};
	refused("clock_settime", clock_settime(CLOCK_REALTIME, &t));
	refused("quotactl", syscall(SYS_quotactl, 0, "/", 0, NULL));
	refused("vhangup", syscall(SYS_vhangup));
	refused("fanotify_init", syscall(SYS_fanotify_init, 0, 0));
	refused("memfd_secret", syscall(447, 0));
	refused("vmsplice", syscall(SYS_vmsplice, 1, NULL, 0, 0));
	refused("delete_module", syscall(SYS_delete_module, "x", 0));
	refused("finit_module", syscall(SYS_finit_module, 0, "", 0));
	refused("kexec_file_load", syscall(SYS_kexec_file_load, 0, 0, 0, "", 0));
#ifdef __x86_64__
	refused("iopl", syscall(SYS_iopl, 3));
	refused("ioperm", syscall(SYS_ioperm, 0, 1, 1));
	refused("modify_ldt", syscall(SYS_modify_ldt, 0, NULL, 0));
#endif
	return done();
}

static int timers(void) {
	struct sigevent e = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN};
	int n = 0;
	for (timer_t t; n < 100000 && !timer_create(CLOCK_MONOTONIC, &e, &t);) n++;
	puts(n < 100000 ? "held" : "escaped");
	return 0;
}

// Descriptors that are under way between sockets are open, and no process's.
static int passing(void) {
	int s[2], n = 0;
	if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, s)) return 3;
	for (; n < 5000; n++) {
		char b[CMSG_SPACE(sizeof(int))] = {0}, byte = 0;
		struct iovec v = {&byte, 1};
		struct msghdr m = {.msg_iov = &v, .msg_iovlen = 1, .msg_control = b, .msg_controllen = sizeof b};
		struct cmsghdr *c = CMSG_FIRSTHDR(&m);
		c->cmsg_level = SOL_SOCKET, c->cmsg_type = SCM_RIGHTS, c->cmsg_len = CMSG_LEN(sizeof(int));
		int pair[2];
		if (socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, pair)) break;
		memcpy(CMSG_DATA(c), &pair[1], sizeof(int));
		if (sendmsg(pair[0], &m, 0) < 0) break;
		close(pair[1]);
	}
	puts(n < 5000 ? "held" : "escaped");
	return 0;
}

static int names(void) {
	static char name[5000];
	memset(name, 'x', sizeof name - 1);
	if (open(name, O_CREAT | O_WRONLY, 0600) != -1 || errno != ENAMETOOLONG) reached("a name of 5000 bytes");
	for (unsigned i = 1; i < sizeof name - 1; i += 2) name[i] = '/';
	if (open(name, O_RDONLY) != -1 || (errno != ENAMETOOLONG && errno != ENOENT)) reached("a path of 5000 bytes");
	if (syscall(SYS_openat, AT_FDCWD, NULL, O_RDONLY) != -1 || errno != EFAULT) reached("no path at all");
	if (open("%s%n%s\n", O_RDONLY) != -1) reached("a format");
	return done();
}

static int stubborn(void) {
	for (int s = 1; s < 65; s++) signal(s, SIG_IGN);
	for (;;) {}
}

static int zombies(void) {
	for (int i = 0; i < 40; i++) {
		pid_t p = fork();
		if (!p) {
			if (i % 2) raise(SIGSTOP); // stopped ones, too
			_exit(0);
		}
	}
	puts("left");
	return 0;
}

// Processes that replace themselves faster than anybody lists them.
static int relay(void) {
	for (int i = 0; i < 8; i++)
		if (!fork()) {
			setsid();
			for (;;)
				if (fork()) _exit(0);
		}
	usleep(300000);
	puts("left");
	return 0;
}

static int sleeper(void *unused) {
	for (;;) pause();
}

// Tasks that share everything but are no threads that a library knows.
static int threads(void) {
	for (int i = 0; i < 5000; i++) {
		char *stack = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (clone(sleeper, stack + 8192, CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL) < 0) {
			puts("refused");
			return 0;
		}
	}
	puts("escaped");
	return 0;
}

static int icmp(void) {
	if (socket(AF_INET, SOCK_RAW, 1) >= 0 || socket(AF_INET6, SOCK_RAW, 58) >= 0) reached("a raw socket");
	int fd = socket(AF_INET, SOCK_DGRAM, 1);
	unsigned char to[16] = {AF_INET, 0, 0, 0, 8, 8, 8, 8}, echo[8] = {8};
	if (fd >= 0 && sendto(fd, echo, sizeof echo, 0, (void *)to, sizeof to) > 0) reached("an echo request went out");
	return done();
}

int main(int argc, char **argv) {
	struct { const char *name; int (*run)(void); } all[] = {
		{"segfault", segfault}, {"stack", stack}, {"sysv", sysv}, {"pipes", pipes}, {"locked", locked}, {"allocate", allocate}, {"spy", spy},
		{"namespaces", namespaces}, {"limits", limits}, {"priority", priority}, {"privilege", privilege}, {"kernel", kernel}, {"timers", timers},
		{"passing", passing}, {"names", names}, {"stubborn", stubborn}, {"zombies", zombies}, {"relay", relay}, {"threads", threads}, {"icmp", icmp},
	};
	for (unsigned i = 0; argc > 1 && i < sizeof all / sizeof *all; i++)
		if (!strcmp(argv[1], all[i].name)) return all[i].run();
	return 64;
}
