package contract

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// drawn is how many values a property case sends for one field.
const drawn = 12

// Properties returns one case for each field, of values that its rules refuse, drawn at random from a fixed seed: a value
// that a rule refuses stays refused wherever it lies, and not only at the edges that the acceptance cases try.
func Properties(spec *qlp.Spec, seed int64) []qlp.Acceptance {
	b := newBuilder(spec, seed)
	b.enter(groupProperties)
	for _, e := range spec.Entities {
		if !creatable(spec, e.Name) {
			continue
		}
		for _, f := range e.Fields {
			if f.Auto {
				continue
			}
			d := drawer{f: f, rng: rand.New(rand.NewPCG(uint64(seed), 0x5eed))} //nolint:gosec // G404, G115: the values must come out again; a seed has no sign
			c := ruled(e, f, e.Name+".property."+f.Name, "", f.Key()+" has any value that its rules refuse", "it is refused by that rule", false)
			b.add(c, func(b *builder) {
				values := b.fill(e, false)
				for range drawn {
					value, rule := d.draw()
					json := body(replace(values, given{f, Value{Sent: value}}))
					b.send(http.MethodPost, PathOf(e), json, http.StatusUnprocessableEntity, fault(f, rule))
				}
			})
		}
	}
	return b.out
}

// drawer draws refused values of one field.
type drawer struct {
	f   qlp.Field
	rng *rand.Rand
}

// draw returns a refused value as JSON, and the rule that refuses it.
func (d *drawer) draw() (value, rule string) {
	if d.rng.IntN(4) > 0 {
		if value, rule, ok := d.outside(); ok {
			return value, rule
		}
	}
	return d.wrongType()
}

// outside draws a value of the right JSON type.
func (d *drawer) outside() (value, rule string, ok bool) {
	switch d.f.Type {
	case qlp.TypeInt, qlp.TypeDecimal:
		return d.outOfBounds()
	case qlp.TypeString, qlp.TypeText:
		return d.badLength()
	case qlp.TypeEnum:
		v := d.mutate(d.f.Values[d.rng.IntN(len(d.f.Values))])
		return text(v), RuleEnum, !contains(d.f.Values, v)
	case qlp.TypeDate:
		return text(fmt.Sprintf("%04d-%02d-%02d", 1+d.rng.IntN(9999), 1+d.rng.IntN(12), 32+d.rng.IntN(60))), RuleType, true
	case qlp.TypeDatetime:
		return text(fmt.Sprintf("%04d-%02d-28T%02d:%02d:00Z", 1+d.rng.IntN(9999), 13+d.rng.IntN(80), d.rng.IntN(24), d.rng.IntN(60))), RuleType, true
	case qlp.TypeEmail:
		return text(strings.ReplaceAll(d.word(), "@", "") + ".org"), RuleType, true
	case qlp.TypeURL:
		return text(d.word() + "." + d.word()), RuleType, true
	case qlp.TypeUUID:
		return text(fmt.Sprintf("%08x-%04x-%04x-%04x-%011x", d.rng.Uint32(), d.rng.IntN(1<<16), d.rng.IntN(1<<16), d.rng.IntN(1<<16), d.rng.IntN(1<<44))), RuleType, true
	case qlp.TypeRef:
		return strconv.FormatInt(-d.rng.Int64N(1_000_000), 10), RuleReference, true
	default:
		return "", "", false
	}
}

func (d *drawer) outOfBounds() (value, rule string, ok bool) {
	low, high := lower(d.f), upper(d.f)
	away := big.NewRat(1+d.rng.Int64N(1_000_000), 1)
	digits := 0
	if d.f.Type == qlp.TypeDecimal {
		digits = scale(d.f) + d.rng.IntN(6)
		away.Quo(away, new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(digits)), nil)))
	}
	r := new(big.Rat)
	switch {
	case low != nil && (high == nil || d.rng.IntN(2) == 0):
		r.Sub(low, away)
	case high != nil:
		r.Add(high, away)
	default:
		return "", "", false
	}
	rule = brokenBound(d.f, r)
	value = r.FloatString(digits)
	if d.f.Type == qlp.TypeDecimal && d.rng.IntN(2) == 0 {
		value = text(value)
	}
	return value, rule, rule != "" && !tooLong(r, digits, d.f.Type)
}

func (d *drawer) badLength() (value, rule string, ok bool) {
	f := d.f
	var n int
	switch {
	case f.Length > 0:
		if n, rule = 1+d.rng.IntN(2*f.Length), RuleLength; n == f.Length {
			n++
		}
	case f.MinLength > 1 && d.rng.IntN(2) == 0:
		n, rule = 1+d.rng.IntN(f.MinLength-1), RuleMinLength
	case f.MaxLength > 0:
		n, rule = f.MaxLength+1+d.rng.IntN(min(f.MaxLength, 500)), RuleMaxLength
	default:
		return "", "", false
	}
	letters := [...]string{"a", "é", "字", "😀"}
	return filled(letters[d.rng.IntN(len(letters))], n), rule, true
}

// wrongType draws a value of another JSON type.
func (d *drawer) wrongType() (value, rule string) {
	number := strconv.Itoa(d.rng.IntN(1_000_000))
	all := []string{`["` + d.word() + `"]`, `{"` + d.word() + `":` + number + `}`, "[]"}
	switch d.f.Type {
	case qlp.TypeInt, qlp.TypeRef:
		all = append(all, `"`+number+`"`, number+".5", "true", text(d.word()))
	case qlp.TypeDecimal:
		all = append(all, "false", text(d.word()), text(number+"."), number+"e1")
	case qlp.TypeBool:
		all = append(all, `"true"`, number, text(d.word()))
	default:
		all = append(all, number, "true", number+".25")
	}
	return all[d.rng.IntN(len(all))], RuleType
}

func (d *drawer) word() string {
	b := make([]byte, 3+d.rng.IntN(8))
	for i := range b {
		b[i] = "abcdefghijklmnopqrstuvwxyz"[d.rng.IntN(26)]
	}
	return string(b)
}

// mutate changes a text in one place.
func (d *drawer) mutate(s string) string {
	r := []rune(s)
	i := d.rng.IntN(len(r))
	switch d.rng.IntN(3) {
	case 0:
		return string(append(r[:i:i], r[i+1:]...))
	case 1:
		return string(r[:i]) + d.word() + string(r[i:])
	default:
		return string(r[:i+1]) + string(r[i:])
	}
}
