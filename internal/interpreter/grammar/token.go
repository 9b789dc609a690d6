package grammar

// kind is what sort of token it is.
type kind uint8

const (
	word   kind = iota // letters and digits, in lower case
	number             // a plain decimal, canonical
	quoted             // words in quotes
	mark               // punctuation or an operator
	item               // the border of a listed line, or a line break within brackets
	newline
)

// span is a part of the intent: byte offsets, end exclusive.
type span struct{ start, end int }

func (s span) join(o span) span {
	if s == (span{}) {
		return o
	}
	return span{min(s.start, o.start), max(s.end, o.end)}
}

// token is one unit of the intent. Hyphens, underscores and camel case separate tokens and leave the later one glued:
// "due-date", "due_date", "dueDate" and "due date" read alike.
type token struct {
	kind   kind
	low    string // canonical: lower case, contractions spelt out
	at     span
	glued  bool // joined to the one before by a hyphen, an underscore or camel case
	tight  bool // no white space before
	upper  bool // begins with a capital
	named  bool // stands in quotes
	match  int  // of a bracket: index of its partner, else -1
	indent int  // of a newline: columns before the next line's text
	bullet bool // of a newline: the next line is a list item
	blank  bool // of a newline: there is an empty line before the next
}

// pair finds the partner of each bracket.
func pair(tokens []token) {
	closer := map[string]string{"(": ")", "[": "]", "{": "}"}
	var open []int
	for i, t := range tokens {
		if t.kind != mark {
			continue
		}
		if closer[t.low] != "" {
			open = append(open, i)
			continue
		}
		if n := len(open); n > 0 && closer[tokens[open[n-1]].low] == t.low {
			tokens[i].match, tokens[open[n-1]].match = open[n-1], i
			open = open[:n-1]
		}
	}
}
