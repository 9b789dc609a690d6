package sandbox

import (
	"testing"
	"time"
)

// TestDecideOrder sets each fact together with every fact of lower precedence: the higher one must win.
func TestDecideOrder(t *testing.T) {
	steps := []struct {
		set  func(*Facts)
		want Verdict
	}{
		{func(*Facts) {}, OK},
		{func(f *Facts) { f.ExitCode = 1 }, Nonzero},
		{func(f *Facts) { f.Signaled = true }, Signaled},
		{func(f *Facts) { f.NotStarted = true }, NotStarted},
		{func(f *Facts) { f.CPUExceeded = true }, TimeoutCPU},
		{func(f *Facts) { f.WallExceeded = true }, TimeoutWall},
		{func(f *Facts) { f.OOMKills = 1 }, OOM},
		{func(f *Facts) { f.DiskExceeded = true }, DiskLimit},
		{func(f *Facts) { f.OutputExceeded = true }, OutputLimit},
		{func(f *Facts) { f.Canceled = true }, Canceled},
		{func(f *Facts) { f.Lost = true }, InternalError},
	}
	var f Facts
	for _, s := range steps {
		s.set(&f)
		if got := Decide(f); got != s.want {
			t.Errorf("%+v: %s, want %s", f, got, s.want)
		}
	}
	for _, fine := range []Facts{{OOMKills: 1}, {DiskExceeded: true}} {
		if got := Decide(fine); got != OK {
			t.Errorf("%+v: %s, but the command itself ended well", fine, got)
		}
	}
}

func TestLimitsDefaultAndLower(t *testing.T) {
	l := Limits{Memory: 10, Disk: 5}.WithDefaults()
	if l.Memory != 10 || l.FileSize != 5 || l.Wall != 5*time.Minute || l.Pids != 512 || l.CPUs <= 0 || l.CPUTime <= 0 {
		t.Errorf("%+v", l)
	}
	if got := l.Lower(Limits{Memory: 20, Pids: 3, Disk: 1, Idle: time.Second}); got.Memory != 10 || got.Pids != 3 || got.Disk != 5 || got.Idle != time.Second {
		t.Errorf("%+v", got)
	}
	if got := (Limits{Idle: 2}).Lower(Limits{Idle: 3}); got.Idle != 2 {
		t.Errorf("idle was raised to %d", got.Idle)
	}
}

func TestLevels(t *testing.T) {
	if !LevelVM.AtLeast(LevelGVisor) || LevelProcess.AtLeast(LevelNamespaces) || Level("").AtLeast("") {
		t.Error("order of levels")
	}
}
