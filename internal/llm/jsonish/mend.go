package jsonish

import (
	"encoding/json"
	"errors"
	"strings"
)

// errProse: the bracket opened no JSON at all.
var errProse = errors.New("not JSON")

// mender copies one value from in to out, and mends it on the way. It does not check the grammar (json.Valid does that
// afterwards); it knows where strings are, which commas are too many, and where the value ends.
type mender struct {
	in    string
	at    int
	out   strings.Builder
	stack []byte // the brackets that are open
	comma bool   // a comma was read and not yet written: the next thing decides
	token bool   // something was written since the outermost bracket
}

// value copies from the first bracket to its partner.
func (m *mender) value() error {
	for m.at < len(m.in) {
		done, err := m.next()
		if err != nil || done {
			return err
		}
	}
	return ErrCut
}

func (m *mender) next() (done bool, err error) {
	c := m.in[m.at]
	switch c {
	case '{', '[':
		m.flush()
		if len(m.stack) == MaxDepth {
			return false, ErrDeep
		}
		m.token = len(m.stack) > 0
		m.stack = append(m.stack, c)
		m.put(c)
	case '}', ']':
		return m.shut(c)
	case ',':
		if m.comma {
			return false, ErrBad // two in a row: something is missing between them
		}
		m.comma = true
		m.at++
	case '"', '\'':
		m.flush()
		return false, m.quoted(c)
	case ' ', '\t', '\r', '\n':
		m.at++
	case ':':
		m.put(c)
	default:
		m.flush()
		return false, m.word()
	}
	return false, nil
}

// shut ends an object or array, and drops a comma before its end.
func (m *mender) shut(c byte) (bool, error) {
	open := m.stack[len(m.stack)-1]
	if open == '{' && c != '}' || open == '[' && c != ']' {
		return false, ErrBad
	}
	m.comma = false
	m.stack = m.stack[:len(m.stack)-1]
	m.put(c)
	return len(m.stack) == 0, nil
}

func (m *mender) put(c byte) {
	m.out.WriteByte(c)
	m.at++
}

func (m *mender) flush() {
	if m.comma {
		m.out.WriteByte(',')
		m.comma = false
	}
}

// quoted copies a string. One in single quotes is only taken when it holds no other quote of either kind, and what follows it
// is what follows a string: then it can mean nothing else.
func (m *mender) quoted(quote byte) error {
	m.token = true
	for i := m.at + 1; i < len(m.in); i++ {
		switch c := m.in[i]; {
		case c == '\\':
			i++
		case quote == '\'' && (c == '"' || c == '\n'):
			return ErrBad
		case c == quote:
			text := m.in[m.at+1 : i]
			m.at = i + 1
			if quote == '"' {
				m.out.WriteString(`"` + text + `"`)
				return nil
			}
			return m.single(text)
		}
	}
	return ErrCut
}

func (m *mender) single(text string) error {
	rest := strings.TrimLeft(m.in[m.at:], " \t\r\n")
	if strings.Contains(text, `\`) || rest != "" && !strings.ContainsRune(",:}]", rune(rest[0])) {
		return ErrBad
	}
	quoted, err := json.Marshal(text)
	if err != nil {
		return ErrBad
	}
	m.out.Write(quoted)
	return nil
}

// word copies true, false, null or a number. Any other word is no JSON; right after the outermost bracket it is prose.
func (m *mender) word() error {
	end := m.at
	for end < len(m.in) && !strings.ContainsRune("{}[],:\"' \t\r\n", rune(m.in[end])) {
		end++
	}
	word := m.in[m.at:end]
	if end == m.at || !json.Valid([]byte(word)) {
		if !m.token && len(m.stack) == 1 {
			return errProse
		}
		return ErrBad
	}
	m.token = true
	m.out.WriteString(word)
	m.at = end
	return nil
}
