package grammar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

// spelled are words whose misspelling changes the meaning of a field.
var spelled = strings.Fields("unique optional required integer decimal boolean default minimum maximum positive datetime nullable mandatory timestamp")

// spelledRight are English words that are near to one of those.
var spelledRight = set("uniquely requires require decimals integers defaults option options positives spring requirement minimal maximal mandate")

// misspelt asks about words within names that are nearly words of rules.
func (b *builder) misspelt() {
	for _, e := range b.entities {
		for _, f := range e.fields {
			if files[lastPart(f.name)] && len(f.attrs) == 0 {
				b.ask(f.name, fmt.Sprintf("The %s of a %s would be a file, which is not kept offline. What should be kept instead?", spaced(f.name), spaced(e.name)), f.at, spaced(f.name)+" url", spaced(f.name)+" text", "leave it out")
			}
			if notFields[f.name] && len(f.attrs) == 0 {
				b.ask("words", fmt.Sprintf("Is %q a field of a %s, or something that the service should do?", b.words(f.at), spaced(e.name)), f.at, b.words(f.at)+" text", "leave it out")
			}
			if right := b.v.misspellings[lastPart(f.name)]; right != "" {
				b.ask("words", fmt.Sprintf("%q: did you mean %q?", b.words(f.at), right), f.at, right)
			}
			for part := range strings.SplitSeq(f.name, "_") {
				if near := nearWord(part, spelled); near != "" && !spelledRight[part] {
					b.ask("words", fmt.Sprintf("%q in %q: did you mean %q?", part, b.words(f.at), near), f.at, strings.ReplaceAll(b.words(f.at), part, near))
				}
			}
		}
	}
}

// abilities asks about bare names that sound like something to do rather than a value to keep.
func (b *builder) abilities() {
	for _, e := range b.entities {
		for _, f := range e.fields {
			first, _, _ := strings.Cut(f.name, "_")
			byTail := abilityTails[lastPart(f.name)] && len(f.attrs) == 0
			byHead := first != f.name && abilityHeads[first]
			if !byTail && !byHead || b.asked(f.name) {
				continue
			}
			b.ask(f.name, fmt.Sprintf("Is %q a plain field of a %s, or something that the service should do?", b.words(f.at), spaced(e.name)), f.at, spaced(lastPart(f.name))+" text", "leave it out")
		}
	}
}

// files are names of things that are no value of ours.
var files = set("image photo picture avatar file attachment video thumbnail logo pdf")

// notFields are words that, listed alone, ask for an ability of the service and not for a field.
var notFields = set("search searching filter filters filtering pagination paging test tests testing docs documentation validation security monitoring metrics tracing logging crud auth performance scalability")

func nearWord(w string, list []string) string {
	if len(w) < 5 {
		return ""
	}
	for _, right := range list {
		if w == right || w[0] != right[0] {
			continue
		}
		if d := levenshtein.ComputeDistance(w, right); d == 1 || d == 2 && len(right) >= 6 && transposed(w, right) {
			return right
		}
	}
	return ""
}

// transposed reports whether two neighbours have changed places: the two words have the same letters.
func transposed(a, b string) bool {
	x, y := []byte(a), []byte(b)
	slices.Sort(x)
	slices.Sort(y)
	return string(x) == string(y)
}

// misspeltStacks asks about words around the kind that are nearly the name of a stack.
func (b *builder) misspeltStacks() {
	for _, f := range b.facts {
		if f.kind != domainFact && f.kind != topicFact && f.kind != titleFact {
			continue
		}
		for w := range strings.FieldsSeq(strings.ToLower(f.val)) {
			if near := nearWord(w, []string{"python", "golang", "javascript", "typescript", "nodejs"}); near != "" {
				b.ask("words", fmt.Sprintf("%q: did you mean %q?", w, near), f.at, near)
			}
		}
	}
}

var wellSpelt = append(strings.Fields("python golang javascript typescript search filter belongs between dockerfile openapi automatically"), spelled...)
