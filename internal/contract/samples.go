package contract

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Sample is a value that shows where a rule lies.
type Sample struct {
	Value
	Rule   string // the rule it is about; of a refused one, the rule that is told
	Refuse bool
}

// Samples returns values on both sides of every rule of f: at the bounds and just outside, of the right type and of the
// wrong ones, in the forms that are made canonical. For a reference they are only those that need no row.
func Samples(f qlp.Field) []Sample {
	s := &sampler{f: f}
	if f.Required() {
		s.refuse(RuleRequired, "null")
	}
	switch f.Type {
	case qlp.TypeString, qlp.TypeText:
		s.texts()
	case qlp.TypeInt:
		s.integers()
	case qlp.TypeDecimal:
		s.decimals()
	case qlp.TypeBool:
		s.accept(RuleType, "true", "false")
		s.refuse(RuleType, `"true"`, "1", "0", "{}", "[true]")
	case qlp.TypeDate:
		s.dates()
	case qlp.TypeDatetime:
		s.moments()
	case qlp.TypeEnum:
		for _, v := range f.Values {
			s.accept(RuleEnum, text(v))
		}
		s.refuse(RuleEnum, text(s.noValue()), `""`)
		s.refuse(RuleType, "1", "true", "[]")
	case qlp.TypeRef:
		s.refuse(RuleReference, "0", "-1", "9007199254740991")
		s.refuse(RuleType, `"1"`, "1.0", "true", "{}")
	default:
		s.addresses()
	}
	return s.out
}

type sampler struct {
	f   qlp.Field
	out []Sample
}

func (s *sampler) accept(rule string, json ...string) {
	for _, j := range json {
		s.out = append(s.out, Sample{Value: same(j), Rule: rule})
	}
}

// turn accepts a value that is answered in another form.
func (s *sampler) turn(sent, want string) {
	s.out = append(s.out, Sample{Value: Value{sent, want}, Rule: RuleType})
}

func (s *sampler) refuse(rule string, json ...string) {
	for _, j := range json {
		s.out = append(s.out, Sample{Value: Value{Sent: j}, Rule: rule, Refuse: true})
	}
}

// noValue returns a text that is no value of the enum, as like one as can be.
func (s *sampler) noValue() string {
	for _, c := range []string{strings.ToUpper(s.f.Values[0]), s.f.Values[0] + "s", s.f.Values[0] + "_"} {
		taken := false
		for _, v := range s.f.Values {
			taken = taken || v == c
		}
		if !taken {
			return c
		}
	}
	return strings.Join(s.f.Values, "")
}

// filled is a JSON string of n code points c, short in writing.
func filled(c string, n int) string { return fmt.Sprintf(`"{{%s*%d}}"`, c, n) }

func (s *sampler) texts() {
	f := s.f
	if f.Required() {
		s.refuse(RuleRequired, `""`, `"  "`, `"\t "`)
	}
	s.refuse(RuleType, "12", "true", "{}", `["x"]`)
	least, most := f.MinLength, f.MaxLength
	if f.Length > 0 {
		least, most = f.Length, f.Length
		s.length(RuleLength, f.Length, f.Length-1, f.Length+1)
	}
	if f.MinLength > 0 {
		s.length(RuleMinLength, f.MinLength, f.MinLength-1)
	}
	if f.MaxLength > 0 {
		s.length(RuleMaxLength, f.MaxLength, f.MaxLength+1)
	}
	fits := func(plain string) (string, bool) {
		if missing := least - len([]rune(plain)); missing > 0 {
			plain += strings.Repeat("y", missing)
		}
		return plain, most == 0 || len([]rune(plain)) <= most
	}
	s.refuse(RuleType, `"a\u0000b"`)
	if f.Type == qlp.TypeString {
		s.refuse(RuleType, `"a\nb"`, `"a\rb"`)
	}
	for _, plain := range []string{" né 日本😀 ", `q"b\`, "<&'\t{%"} {
		if t, ok := fits(plain); ok {
			s.accept(RuleType, text(t))
		}
	}
	if t, ok := fits("l\n2\r\n"); ok && f.Type == qlp.TypeText {
		s.accept(RuleType, text(t))
	}
	if !f.Required() && least == 0 {
		s.accept(RuleType, `""`, `" "`)
	}
}

// length accepts a text of good characters, in letters of one to four bytes, and refuses those of bad.
func (s *sampler) length(rule string, good int, bad ...int) {
	s.accept(rule, filled("a", good), filled("é", good), filled("😀", good))
	for _, n := range bad {
		if n > 0 {
			s.refuse(rule, filled("a", n), filled("😀", n))
		} else if !s.f.Required() {
			s.refuse(rule, `""`)
		}
	}
}

func (s *sampler) integers() {
	s.refuse(RuleType, `"12"`, "1.5", "1.0", "1e2", "true", "{}", "[1]", "9007199254740992", "-9007199254740992", "123456789012345678901234567890")
	s.bounds(big.NewRat(1, 1), 0, func(r *big.Rat) []string { return []string{r.FloatString(0)} })
	free := NewValues(0).integer(s.f, 0).Sent // within the bounds, wherever they are
	for _, n := range []string{"9007199254740991", "-9007199254740991", "0", "-1", free} {
		if r, _ := new(big.Rat).SetString(n); within(s.f, r) {
			s.accept(RuleType, n)
		}
	}
}

func (s *sampler) decimals() {
	s.refuse(RuleType, `"abc"`, `""`, `"1."`, `".5"`, `"1e2"`, "1e2", `"+1"`, `" 1"`, `"1,5"`, "true", "{}", `"1234567890123456789012345678901"`, `"NaN"`)
	digits := min(scale(s.f)+18, maxDigits-12)
	step := new(big.Rat).SetFrac(big.NewInt(1), new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil))
	s.bounds(step, digits, func(r *big.Rat) []string {
		n := strings.TrimRight(r.FloatString(digits), "0")
		if strings.HasSuffix(n, ".") { // a whole number, in three notations of the same value
			n = strings.TrimSuffix(n, ".")
			return []string{text(n), n, text(n + ".00")}
		}
		return []string{text(n), n}
	})
	for _, c := range [][2]string{
		{`"0.10"`, `"0.10"`},
		{"0.3", `"0.3"`},
		{`"007.50"`, `"7.50"`},
		{`"-0.00"`, `"0.00"`},
		{"12.3400", `"12.3400"`},
		{"0.12345678901234567891", `"0.12345678901234567891"`},
		{`"123456789012345678901234567890"`, `"123456789012345678901234567890"`},
		{"5", `"5"`},
		{`"-3.7"`, `"-3.7"`},
	} {
		if r, _ := new(big.Rat).SetString(strings.Trim(c[0], `"`)); within(s.f, r) {
			s.turn(c[0], c[1])
		}
	}
}

// bounds takes the value at each bound and a step from it to either side, in all notations of write.
func (s *sampler) bounds(step *big.Rat, digits int, write func(*big.Rat) []string) {
	for _, b := range []struct {
		n    *qlp.Number
		rule string
	}{{s.f.Min, RuleMin}, {s.f.Max, RuleMax}, {s.f.ExclusiveMin, RuleExclusiveMin}, {s.f.ExclusiveMax, RuleExclusiveMax}} {
		if b.n == nil {
			continue
		}
		at := b.n.Rat()
		for _, r := range []*big.Rat{new(big.Rat).Sub(at, step), at, new(big.Rat).Add(at, step)} {
			if tooLong(r, digits, s.f.Type) {
				continue
			}
			broken := brokenBound(s.f, r)
			for _, sent := range write(r) {
				switch broken {
				case "":
					s.out = append(s.out, Sample{Value: Value{sent, canonical(s.f, sent)}, Rule: b.rule})
				default:
					s.refuse(broken, sent)
				}
			}
		}
	}
}

func canonical(f qlp.Field, sent string) string {
	if f.Type == qlp.TypeDecimal {
		return text(canonicalDecimal(strings.Trim(sent, `"`)))
	}
	return sent
}

// tooLong reports whether r cannot be a value of the type whatever its bounds.
func tooLong(r *big.Rat, digits int, t qlp.FieldType) bool {
	abs := new(big.Rat).Abs(r)
	if t == qlp.TypeInt {
		return abs.Cmp(new(big.Rat).SetInt64(maxSafeInt)) > 0
	}
	return len(new(big.Int).Quo(abs.Num(), abs.Denom()).String())+digits > maxDigits
}
