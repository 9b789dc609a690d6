package initbox

import "golang.org/x/sys/unix"

// LandlockVersion asks this machine's kernel; it is 0 where there is none or it is switched off.
func LandlockVersion() int {
	v, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return 0
	}
	return int(v)
}
