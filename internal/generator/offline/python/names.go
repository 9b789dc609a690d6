package python

import (
	"slices"
	"strings"
)

// taken are the words that a module cannot be called: Python's keywords, which an import statement refuses.
var taken = []string{
	"False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del", "elif",
	"else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal", "not", "or",
	"pass", "raise", "return", "try", "while", "with", "yield",
}

// moduleName returns the name of an entity's module.
func moduleName(entity string) string {
	if slices.Contains(taken, entity) {
		return entity + "_"
	}
	return entity
}

// constantName returns the name of an entity's declaration. Upper case is never a keyword; two names are in use.
func constantName(entity string) string {
	name := strings.ToUpper(entity)
	if name == "ENTITIES" || name == "LINKS" || name == "SIZES" {
		return name + "_"
	}
	return name
}

// className returns the name of an entity's test class: LineItem.
func className(entity string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(entity, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// path returns where an entity's rows live.
func path(plural string) string { return "/" + strings.ReplaceAll(plural, "_", "-") }

// words returns a snake_case name as words.
func words(name string) string { return strings.ReplaceAll(name, "_", " ") }
