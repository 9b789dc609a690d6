package app

import (
	"context"
	"os"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"
)

// TestSettle: what a start ran through is given back, and what is needed of it comes back by itself.
func TestSettle(t *testing.T) {
	held := func() int {
		b, err := os.ReadFile("/proc/self/status")
		if err != nil {
			t.Fatal(err)
		}
		n, err := strconv.Atoi(regexp.MustCompile(`RssFile:\s+(\d+) kB`).FindStringSubmatch(string(b))[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := held()
	settle()
	if after := held(); after > before*3/4 {
		t.Errorf("%d KiB of the program's file are held, of %d before", after, before)
	}
}

// TestKeepSmall: a server settles after its start, and once after each time of work, not while it works nor while it idles.
func TestKeepSmall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		at := func() time.Duration { return time.Since(begun) }
		used := func() time.Duration { // a hundredth of a processor, and all of one from the 30th second to the 60th
			return at()/100 + min(max(at()-30*time.Second, 0), 30*time.Second)
		}
		var settled []time.Duration
		ctx, stop := context.WithCancel(t.Context())
		go keepSmall(ctx, used, func() { settled = append(settled, at()) })
		<-time.After(time.Hour)
		stop()
		synctest.Wait()
		if want := []time.Duration{3 * time.Second, 73 * time.Second}; !slices.Equal(settled, want) {
			t.Errorf("settled at %v, want %v", settled, want)
		}
	})
}

func TestProcessorTime(t *testing.T) {
	t.Parallel()
	before := processorTime()
	for begun := time.Now(); time.Since(begun) < 100*time.Millisecond; {
		_ = strconv.Itoa(int(time.Since(begun)))
	}
	if used := processorTime() - before; used <= 0 {
		t.Errorf("100 ms of work took %v of a processor", used)
	}
}

func TestReadOnly(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]bool{
		"00400000-02e08000 r-xp 00000000 fe:00 10430468   /bin/qlp":           true,
		"02e08000-062b0000 r--p 02a08000 fe:00 10430468   /bin/qlp":           true,
		"062b0000-0652d000 rw-p 05eb0000 fe:00 10430468   /bin/qlp":           false, // holds what was written
		"00400000-02e08000 r-xp 00000000 fe:00 10430468   /bin/other":         false,
		"00400000-02e08000 r-xp 00000000 fe:00 10430468   /bin/qlp (deleted)": false, // os.Executable has another name for it
		"0652d000-08590000 r--p 00000000 00:00 0":                             false,
	} {
		from, size, ok := readOnly(line, "/bin/qlp")
		if ok != want || ok && (from == 0 || size%4096 != 0) {
			t.Errorf("%s: %x %x %v", line, from, size, ok)
		}
	}
}
