package stack

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"
)

var version = regexp.MustCompile(`[0-9]+(\.[0-9]+)+`)

// versionIn returns the first version in what a tool printed, "" if there is none.
func versionIn(text string) string { return version.FindString(text) }

// compareVersions compares number by number; a missing number is 0.
func compareVersions(a, b string) int {
	as, bs := strings.Split(a, "."), strings.Split(b, ".")
	for i := range max(len(as), len(bs)) {
		if c := cmp.Compare(numberAt(as, i), numberAt(bs, i)); c != 0 {
			return c
		}
	}
	return 0
}

func numberAt(parts []string, i int) int {
	if i >= len(parts) {
		return 0
	}
	n, err := strconv.Atoi(parts[i])
	if err != nil { // more digits than an int holds: no tool has that
		return 0
	}
	return n
}
