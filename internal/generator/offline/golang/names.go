package golang

import (
	"go/token"
	"go/types"
	"regexp"
	"slices"
	"strings"
)

// names hands out identifiers of one scope, each once.
type names struct{ taken map[string]bool }

// newNames returns a scope in which some identifiers are taken, and all words of the language.
func newNames(taken ...string) *names {
	n := &names{taken: map[string]bool{}}
	for _, t := range append(taken, types.Universe.Names()...) {
		n.taken[t] = true
	}
	return n
}

// take returns want, or the first of want with one of the endings, or with a number, that is free.
func (n *names) take(want string, endings ...string) string {
	free := func(s string) bool { return !n.taken[s] && !token.IsKeyword(s) }
	got := want
	for i := 0; !free(got); i++ {
		if i < len(endings) {
			got = want + endings[i]
		} else {
			got += "X"
		}
	}
	n.taken[got] = true
	return got
}

// initialisms are written in capitals, as Go's own names are.
func initialisms() []string {
	return []string{"api", "css", "html", "http", "https", "id", "ip", "json", "sql", "tcp", "udp", "uri", "url", "uuid", "xml"}
}

// exported returns a snake_case name as an exported identifier: line_item → LineItem, home_url → HomeURL.
func exported(name string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(name, "_") {
		if slices.Contains(initialisms(), word) {
			b.WriteString(strings.ToUpper(word))
		} else {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// unexported returns a snake_case name as an unexported identifier: line_item → lineItem.
func unexported(name string) string {
	first, rest, more := strings.Cut(name, "_")
	if !more {
		return first
	}
	return first + exported(rest)
}

// fileEndings give a file name a meaning to the go command.
func fileEndings() []string {
	return []string{
		"test", "aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd",
		"openbsd", "plan9", "solaris", "wasip1", "windows", "zos", "386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be",
		"loong64", "mips", "mipsle", "mips64", "mips64le", "mips64p32", "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv",
		"riscv64", "s390", "s390x", "sparc", "sparc64", "wasm", "unix",
	}
}

// fileName returns the name of an entity's file, without its ending.
func (n *names) fileName(entity string) string {
	last := entity[strings.LastIndex(entity, "_")+1:]
	if slices.Contains(fileEndings(), last) {
		entity += "_row"
	}
	return n.take(entity, "_row", "_rows")
}

// words returns a snake_case name as words.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }

var notSlug = regexp.MustCompile(`[^a-z0-9]+`)

// slugOf returns a title as a name for images, folders and modules.
func slugOf(title string) string {
	slug := strings.Trim(notSlug.ReplaceAllString(strings.ToLower(title), "-"), "-")
	if slug == "" || slug[0] >= '0' && slug[0] <= '9' {
		slug = strings.Trim("service-"+slug, "-")
	}
	return strings.Trim(slug[:min(len(slug), 30)], "-")
}
