package process

// Gaps are the cases of the hostile suite that are about what this level does not claim, by their names, and why. root says
// that sandboxes have users of their own.
func Gaps(root bool) map[string]string {
	const (
		network   = "the network is the machine's at this level"
		files     = "what is where on the machine can be seen at this level, and not opened"
		processes = "the process table is the machine's at this level"
	)
	gaps := map[string]string{
		"network/tcp out": network, "network/tcp6 out": network, "network/udp and dns": network, "network/host loopback": network, "network/whatever may listen": network, "network/echo requests": network,
		"host/host files": files, "host/host processes are not there": processes,
		"kernel/no new privileges":      "the bounding set stays as it was, and means nothing where no privilege can be gained; TestNoPrivileges looks at the rest",
		"kernel/setuid copy":            "the user id is one of the pool; TestNoPrivileges looks that it stays",
		"disk/fill shm":                 "/dev/shm cannot be written to at this level, which is no full disk",
		"disk/cope with a full disk":    "there is no disk that becomes full: passing the limit ends the program",
		"host/pid 1 names no host path": processes,
		"host/cgroups":                  "cgroups are the machine's at this level, and cannot be written to",
	}
	if !root {
		const passed = "without a user of its own nothing is refused: passing the limit ends the program"
		gaps["processes/thread bomb"], gaps["processes/tasks that are no threads"], gaps["processes/descriptors in flight"] = passed, passed, passed
		gaps["processes/processes that replace themselves"] = "without a user of its own, what replaces itself faster than it is listed ends with the sandbox only"
	}
	return gaps
}
