package cli

import (
	"debug/elf"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
)

// sensible refuses limits that cannot be meant: nothing, or more than the machine has.
func sensible(l sandbox.Limits) error {
	const leaveOut = "leave it out for its default"
	if l.Wall <= 0 || !(l.CPUs > 0) || // not a number is not above zero, either
		l.Pids <= 0 || l.Memory <= 0 || l.Disk <= 0 || l.Output <= 0 {
		return qlp.Errorf(qlp.Invalid, "a limit is not above zero").WithRemedy(leaveOut)
	}
	var info unix.Sysinfo_t
	if err := unix.Sysinfo(&info); err != nil {
		return qlp.Errorf(qlp.Internal, "read the machine's memory: %w", err)
	}
	has := int64(info.Totalram) * int64(info.Unit) //nolint:gosec // the types differ between architectures; no machine has 8 EiB
	const most, maxPids, maxOutput = 24 * time.Hour, 1 << 20, sandbox.GiB
	switch {
	case l.Memory > has:
		return qlp.Errorf(qlp.Invalid, "--memory is more than this machine has, %d MiB", has/sandbox.MiB).WithRemedy("lower it, or " + leaveOut)
	case l.Memory < 4*sandbox.MiB:
		return qlp.Errorf(qlp.Invalid, "--memory is too little for any program to start").WithRemedy("give it 16m or more")
	case l.Disk > has:
		return qlp.Errorf(qlp.Invalid, "--disk is more than this machine has memory, %d MiB, in which the writable places lie", has/sandbox.MiB).WithRemedy("lower it, or " + leaveOut)
	case l.CPUs > float64(runtime.NumCPU()):
		return qlp.Errorf(qlp.Invalid, "--cpu is more than this machine has, %d", runtime.NumCPU()).WithRemedy("lower it, or " + leaveOut)
	case l.Pids > maxPids:
		return qlp.Errorf(qlp.Invalid, "--pids is more than %d", maxPids).WithRemedy("lower it, or " + leaveOut)
	case l.Wall > most:
		return qlp.Errorf(qlp.Invalid, "--wall is more than %s", most).WithRemedy("lower it")
	case l.Output > maxOutput:
		return qlp.Errorf(qlp.Invalid, "--output is more than %d MiB", maxOutput/sandbox.MiB).WithRemedy("lower it")
	}
	return nil
}

// folder refuses one that is not there.
func folder(dir string) error {
	if dir == "" {
		return nil
	}
	st, err := os.Stat(dir)
	if err == nil && st.IsDir() {
		return nil
	}
	if err == nil {
		return qlp.Errorf(qlp.Invalid, "--dir %s is no folder", dir).WithRemedy("name the folder that it lies in")
	}
	return qlp.Errorf(qlp.Invalid, "there is no folder %s for --dir", dir).WithRemedy("name one that is there and that you may read, or leave --dir out for an empty one")
}

// executable refuses a program of the folder that is for another kind of machine. What is no ELF file may be a script, which
// the sandbox itself finds out.
func executable(dir, program string) error {
	if dir == "" || filepath.IsAbs(program) || !strings.Contains(program, "/") {
		return nil
	}
	f, err := elf.Open(filepath.Join(dir, program))
	if err != nil {
		return nil // no ELF file
	}
	defer f.Close()
	here := map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64, "riscv64": elf.EM_RISCV, "s390x": elf.EM_S390, "ppc64le": elf.EM_PPC64}[runtime.GOARCH]
	if f.Machine != here {
		return qlp.Errorf(qlp.Invalid, "%s is a program for %s, and this machine is %s", program, strings.TrimPrefix(f.Machine.String(), "EM_"), runtime.GOARCH).
			WithRemedy("build it for linux/%s", runtime.GOARCH)
	}
	return nil
}
