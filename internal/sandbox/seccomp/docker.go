package seccomp

import (
	"encoding/json"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"
)

// profile is the JSON that container engines read, as far as it is needed here.
type profile struct {
	DefaultAction   string   `json:"defaultAction"`
	DefaultErrnoRet uint     `json:"defaultErrnoRet"` // engines before 22.06 read over it, and then it is EPERM
	Architectures   []string `json:"architectures"`
	Syscalls        []rule   `json:"syscalls"`
}

type rule struct {
	Names    []string   `json:"names"`
	Action   string     `json:"action"`
	ErrnoRet *uint      `json:"errnoRet,omitempty"`
	Args     []argument `json:"args,omitempty"`
}

type argument struct {
	Index    uint   `json:"index"`
	Value    uint64 `json:"value"`
	ValueTwo uint64 `json:"valueTwo,omitempty"`
	Op       string `json:"op"`
}

// Profile says to a container engine what Filter says to the kernel: the same calls are refused with the same errors. What an engine
// needs itself to start a container's first process is among what is allowed.
func Profile(goarch string) ([]byte, error) {
	info, name, err := archOf(goarch)
	if err != nil {
		return nil, err
	}
	special := []string{"clone3", "clone", "socket", "ioctl", "personality"}
	var known []string
	for call, n := range info.SyscallNames {
		if n <= newest && !slices.Contains(denied(), call) && !slices.Contains(special, call) {
			known = append(known, call)
		}
	}
	slices.Sort(known)
	allow := func(names []string, args ...argument) rule {
		return rule{Names: names, Action: "SCMP_ACT_ALLOW", Args: args}
	}
	refuse := func(errno uint, names ...string) rule {
		return rule{Names: names, Action: "SCMP_ACT_ERRNO", ErrnoRet: &errno}
	}
	p := profile{DefaultAction: "SCMP_ACT_ERRNO", DefaultErrnoRet: uint(unix.ENOSYS), Architectures: []string{name}}
	p.Syscalls = append(p.Syscalls, allow(known), refuse(uint(unix.EPERM), denied()...), refuse(uint(unix.ENOSYS), "clone3"),
		allow([]string{"clone"}, argument{Index: 0, Value: cloneNewAny, Op: "SCMP_CMP_MASKED_EQ"}))
	for _, family := range []uint64{unix.AF_UNIX, unix.AF_INET, unix.AF_INET6} {
		p.Syscalls = append(p.Syscalls, allow([]string{"socket"}, low(0, family)))
	}
	p.Syscalls = append(p.Syscalls, allow([]string{"socket"}, low(0, unix.AF_NETLINK), low(2, unix.NETLINK_ROUTE)))
	for _, a := range neither(1, unix.TIOCSTI, tiocLinux) {
		p.Syscalls = append(p.Syscalls, allow([]string{"ioctl"}, a))
	}
	for _, v := range personalities() {
		p.Syscalls = append(p.Syscalls, allow([]string{"personality"}, low(0, v)))
	}
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write system call profile: %w", err)
	}
	return b, nil
}

// low compares the lower half of an argument, which is all that the kernel looks at.
func low(index uint, value uint64) argument {
	return argument{Index: index, Value: 0xffffffff, ValueTwo: value, Op: "SCMP_CMP_MASKED_EQ"}
}

// neither returns comparisons of which one holds exactly if the lower half of an argument is neither a nor b. Profiles have no
// "unless": what is allowed must be said, bit by bit.
func neither(index uint, a, b uint64) []argument {
	var out []argument
	differ := (a ^ b) & 0xffffffff
	for bit := uint64(1); bit <= 1<<31; bit <<= 1 {
		if differ&bit == 0 { // both have it, or both have it not: what is unlike both is neither
			out = append(out, argument{Index: index, Value: bit, ValueTwo: ^a & bit, Op: "SCMP_CMP_MASKED_EQ"})
		}
	}
	for v := differ; ; v = (v - 1) & differ { // every choice of the bits in which they differ
		if v != a&differ && v != b&differ {
			out = append(out, argument{Index: index, Value: differ, ValueTwo: v, Op: "SCMP_CMP_MASKED_EQ"})
		}
		if v == 0 {
			return out
		}
	}
}
