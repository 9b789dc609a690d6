package main

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

func sortEntries(entries []fs.DirEntry) {
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
}

// matchAny says whether name matches one of patterns; no patterns match everything.
func matchAny(patterns []string, name string) bool {
	if len(patterns) == 0 {
		return true
	}
	parts := strings.Split(name, "/")
	for _, p := range patterns {
		if matchParts(strings.Split(p, "/"), parts) {
			return true
		}
	}
	return false
}

// matchParts matches segment by segment; "**" stands for any number of segments, also none.
func matchParts(pattern, parts []string) bool {
	for len(pattern) > 0 {
		if pattern[0] == "**" {
			for i := range len(parts) + 1 {
				if matchParts(pattern[1:], parts[i:]) {
					return true
				}
			}
			return false
		}
		if len(parts) == 0 {
			return false
		}
		if ok, err := path.Match(pattern[0], parts[0]); err != nil || !ok {
			return false
		}
		pattern, parts = pattern[1:], parts[1:]
	}
	return len(parts) == 0
}
