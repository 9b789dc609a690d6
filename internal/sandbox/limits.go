package sandbox

import (
	"runtime"
	"time"
)

// Byte sizes.
const (
	KiB int64 = 1 << 10
	MiB int64 = 1 << 20
	GiB int64 = 1 << 30
)

// Limits bounds one sandbox, and every command in it. Zero means the default beside the field; there is no "unlimited".
type Limits struct {
	// CPUs is the number of processors' worth of time per second: 2, or what the machine has if that is less.
	CPUs float64
	// CPUTime is the processor time of one command with its descendants: CPUs × Wall.
	CPUTime time.Duration
	// Wall is the time on the clock of one command: 5 minutes.
	Wall time.Duration
	// Idle kills a command that has written nothing for so long: off.
	Idle time.Duration
	// Memory is what one command with its descendants may hold, including what it writes to /work and /tmp, which are
	// in memory: 2 GiB. Swap is never used.
	Memory int64
	// Pids is the number of processes and threads of one command: 512.
	Pids int
	// Disk is the size of the writable places, /work, /tmp and /dev/shm: 1 GiB. The native driver gives them one common
	// place of that size as root, and that size each as an ordinary user.
	Disk int64
	// Inodes is the number of files in the writable places: 200,000.
	Inodes int64
	// Output is what is kept of stdout, and as much of stderr: 1 MiB, half of it the head, half the tail.
	Output int64
	// OutputKill ends a command whose stdout and stderr together pass it: 16 MiB.
	OutputKill int64
	// FileSize is the largest single file a command may write: 256 MiB, at most Disk.
	FileSize int64
	// CopyOut is what one Get may return: 64 MiB.
	CopyOut int64
}

// DefaultLimits are the limits of the zero Limits, which suit a build.
func DefaultLimits() Limits { return Limits{}.WithDefaults() }

// TestLimits suit a test run: 1 GiB, 256 processes, 2 minutes.
func TestLimits() Limits {
	return Limits{Memory: GiB, Pids: 256, Wall: 2 * time.Minute}.WithDefaults()
}

// ServiceLimits suit a service that is started and probed: 512 MiB, 256 processes, 2 minutes.
func ServiceLimits() Limits {
	return Limits{Memory: 512 * MiB, Pids: 256, Wall: 2 * time.Minute}.WithDefaults()
}

// WithDefaults fills in every zero field.
func (l Limits) WithDefaults() Limits {
	def(&l.CPUs, min(2, float64(runtime.NumCPU())))
	def(&l.Wall, 5*time.Minute)
	def(&l.CPUTime, time.Duration(l.CPUs*float64(l.Wall)))
	def(&l.Memory, 2*GiB)
	def(&l.Pids, 512)
	def(&l.Disk, GiB)
	def(&l.Inodes, 200_000)
	def(&l.Output, MiB)
	def(&l.OutputKill, 16*MiB)
	def(&l.FileSize, 256*MiB)
	def(&l.CopyOut, 64*MiB)
	l.FileSize = min(l.FileSize, l.Disk)
	return l
}

// Lower returns l with every field of o that is set and lower. Idle is lowered also where l has none. Disk and Inodes
// belong to the whole sandbox and stay as they are.
func (l Limits) Lower(o Limits) Limits {
	low(&l.CPUs, o.CPUs)
	low(&l.Wall, o.Wall)
	low(&l.CPUTime, o.CPUTime)
	if l.Idle == 0 {
		l.Idle = o.Idle
	}
	low(&l.Idle, o.Idle)
	low(&l.Memory, o.Memory)
	low(&l.Pids, o.Pids)
	low(&l.Output, o.Output)
	low(&l.OutputKill, o.OutputKill)
	low(&l.FileSize, o.FileSize)
	low(&l.CopyOut, o.CopyOut)
	return l
}

func def[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

func low[T int | int64 | float64 | time.Duration](field *T, value T) {
	if value > 0 && value < *field {
		*field = value
	}
}
