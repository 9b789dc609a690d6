package play

import (
	"regexp"
	"strconv"
	"strings"
)

var placeholder = regexp.MustCompile(`\{\{(?:([a-z][a-z0-9_]*)|([^{}*]+)\*([0-9]{1,8}))\}\}`)

// expand puts saved values and repeated texts in place of their placeholders. A name that nothing was saved under stays.
func expand(s string, vars map[string]string) string {
	if !strings.Contains(s, "{{") {
		return s
	}
	return placeholder.ReplaceAllStringFunc(s, func(found string) string {
		m := placeholder.FindStringSubmatch(found)
		if m[1] != "" {
			if v, ok := vars[m[1]]; ok {
				return v
			}
			return found
		}
		n, err := strconv.Atoi(m[3])
		if err != nil {
			return found
		}
		return strings.Repeat(m[2], n)
	})
}
