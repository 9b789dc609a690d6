package agent

import (
	"fmt"
	"strings"
)

// apply replaces the lines of one edit, which must stand in content exactly once. why says, in words for the model, why they
// do not; near is the text that comes closest.
func apply(content string, e edit) (changed, why, near string) {
	if strings.TrimSpace(e.search) == "" {
		return content, "its search part is empty", ""
	}
	framed, wanted := "\n"+strings.TrimSuffix(content, "\n")+"\n", "\n"+e.search+"\n"
	at := strings.Index(framed, wanted)
	if at < 0 {
		return content, "the lines of its search part do not stand in the file", nearest(content, e.search)
	}
	if again := strings.Index(framed[at+1:], wanted); again >= 0 {
		first := strings.Count(framed[:at+1], "\n")
		second := first + strings.Count(framed[at+1:at+1+again+1], "\n")
		return content, fmt.Sprintf("the lines of its search part stand in more than one place (lines %d and %d): add lines around them", first, second), ""
	}
	replaced := "\n" + e.replace + "\n"
	if e.replace == "" {
		replaced = "\n"
	}
	return strings.TrimPrefix(framed[:at]+replaced+framed[at+len(wanted):], "\n"), "", ""
}

// How much is looked at for the text that comes closest, in lines.
const (
	nearSearch  = 200
	nearContent = 20_000
	nearAround  = 3
)

// nearest returns the lines of content that most resemble those of search, with some around them: the window of the same
// height in which most lines agree but for the white space at their ends. "" if no line agrees.
func nearest(content, search string) string {
	have, want := strings.Split(content, "\n"), strings.Split(search, "\n")
	have, want = have[:min(len(have), nearContent)], want[:min(len(want), nearSearch)]
	places := map[string][]int{}
	for i, line := range have {
		if t := strings.TrimSpace(line); len(t) > 1 {
			places[t] = append(places[t], i)
		}
	}
	votes := map[int]int{}
	best, most := 0, 0
	for j, line := range want {
		for _, i := range places[strings.TrimSpace(line)] {
			start := i - j
			votes[start]++
			if votes[start] > most || votes[start] == most && start < best {
				best, most = start, votes[start]
			}
		}
	}
	if most == 0 {
		return ""
	}
	from, to := max(best-nearAround, 0), min(best+len(want)+nearAround, len(have))
	return strings.Join(have[from:max(to, from)], "\n")
}
