package contract

import (
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Value is a JSON value as it is sent, and as the service answers it.
type Value struct {
	Sent string // JSON text
	Want string // JSON text of the canonical form
}

func same(json string) Value { return Value{Sent: json, Want: json} }

// Values makes valid values, none twice for one field. The same seed gives the same values; two seeds share none, except
// where a field has few.
type Values struct {
	seed  int64
	next  map[string]int64 // by entity and field
	taken map[string]bool  // values of unique fields, by entity, field and value
	short bool             // a unique field had no value left
}

// NewValues returns a source of values.
func NewValues(seed int64) *Values {
	return &Values{seed: seed, next: map[string]int64{}, taken: map[string]bool{}}
}

// Fresh returns a value of entity's field f that was not given before. References are the caller's.
func (v *Values) Fresh(entity string, f qlp.Field) Value {
	key := entity + "." + f.Name
	const enough = 1000
	for range enough {
		n := v.next[key]
		v.next[key]++
		value := v.value(f, n)
		if v.Take(entity, f, value) {
			return value
		}
	}
	v.short = true
	return v.value(f, 0)
}

// Take marks a value of a unique field as used, and reports whether it was free. Values of other fields are always free.
func (v *Values) Take(entity string, f qlp.Field, value Value) bool {
	if !f.Unique || value.Want == "null" {
		return true
	}
	norm := value.Want
	if f.Type == qlp.TypeDecimal {
		if r, ok := new(big.Rat).SetString(strings.Trim(norm, `"`)); ok {
			norm = r.RatString()
		}
	}
	key := entity + "." + f.Name + "=" + norm
	if v.taken[key] {
		return false
	}
	v.taken[key] = true
	return true
}

// number spreads n over the seed's own part of the numbers.
func (v *Values) number(n int64) int64 { return 10_000 + 100_000*v.seed + n }

func (v *Values) value(f qlp.Field, n int64) Value {
	switch f.Type {
	case qlp.TypeString, qlp.TypeText:
		return same(text(v.text(f, n)))
	case qlp.TypeInt:
		return v.integer(f, n)
	case qlp.TypeDecimal:
		return v.decimal(f, n)
	case qlp.TypeBool:
		return same(strconv.FormatBool((n+v.seed)%2 == 0))
	case qlp.TypeDate:
		return same(text(time.Date(1990, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, int(v.number(n)%2_000_000)).Format(time.DateOnly)))
	case qlp.TypeDatetime:
		return same(text(time.Date(2001, 2, 3, 4, 5, 6, 0, time.UTC).Add(time.Duration(v.number(n)) * time.Minute).Format(time.RFC3339)))
	case qlp.TypeEmail:
		return same(text(fmt.Sprintf("%s.%d@example.org", v.word(n), v.number(n))))
	case qlp.TypeURL:
		return same(text(fmt.Sprintf("https://example.org/%s/%d", v.word(n), v.number(n))))
	case qlp.TypeUUID:
		return same(text(fmt.Sprintf("5eed%04x-0000-4000-8000-%012x", v.seed&0xffff, v.number(n))))
	case qlp.TypeEnum:
		return same(text(f.Values[(n+v.seed)%int64(len(f.Values))]))
	default:
		return same("null")
	}
}

func (v *Values) word(n int64) string {
	words := [...]string{"amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "iris", "jade"}
	return words[(n+v.seed)%int64(len(words))]
}

// text returns a text that keeps the field's lengths. Short ones are written in Chinese characters, of which there are
// enough for one to be a number.
func (v *Values) text(f qlp.Field, n int64) string {
	least, most := max(f.MinLength, f.Length), f.MaxLength
	if f.Length > 0 {
		most = f.Length
	}
	s := fmt.Sprintf("%s %d", v.word(n), v.number(n))
	if most > 0 && most < len(s) {
		s = strconv.FormatInt(v.number(n), 36)
	}
	if most > 0 && most < len(s) {
		const first, there = 0x4e00, 20_000
		s = string(rune(first + (v.number(n)*7)%there))
	}
	if missing := least - len([]rune(s)); missing > 0 {
		s += strings.Repeat("x", missing)
	}
	return s
}

func (v *Values) integer(f qlp.Field, n int64) Value {
	low, high := int64(-maxSafeInt), int64(maxSafeInt)
	if f.Min != nil {
		low = f.Min.Rat().Num().Int64()
	}
	if f.ExclusiveMin != nil {
		low = f.ExclusiveMin.Rat().Num().Int64() + 1
	}
	if f.Max != nil {
		high = f.Max.Rat().Num().Int64()
	}
	if f.ExclusiveMax != nil {
		high = f.ExclusiveMax.Rat().Num().Int64() - 1
	}
	k := v.number(n)
	if low <= k && k < high {
		return same(strconv.FormatInt(k, 10))
	}
	span := high - low + 1
	if span > 8 || span <= 0 { // the ends are for the samples of the bounds
		low, span = low+2, span-4
	}
	if span <= 0 {
		span = 1_000_000
	}
	return same(strconv.FormatInt(low+k%span, 10))
}

// decimal returns a value within the bounds with two digits after the point, or as many as they need.
func (v *Values) decimal(f qlp.Field, n int64) Value {
	k := big.NewRat(v.number(n), 100)
	low, high := lower(f), upper(f)
	switch {
	case low == nil && high == nil, within(f, k):
		return same(text(k.FloatString(2)))
	case high == nil:
		return same(text(new(big.Rat).Add(low, k).FloatString(max(2, scale(f)))))
	case low == nil:
		return same(text(new(big.Rat).Sub(high, k).FloatString(max(2, scale(f)))))
	}
	// A share of the range, at a scale at which no two shares are the same.
	digits := max(2, scale(f)) + 6
	if whole := len(new(big.Int).Quo(high.Num(), high.Denom()).String()); whole+digits > maxDigits {
		digits = max(scale(f), maxDigits-whole)
	}
	span := new(big.Rat).Sub(high, low)
	share := big.NewRat(1+v.number(n)%999_983, 1_000_000)
	r := new(big.Rat).Add(low, share.Mul(share, span))
	cut, _ := new(big.Rat).SetString(r.FloatString(digits))
	if cut == nil || !within(f, cut) {
		cut = low
		if !within(f, cut) {
			cut = high
		}
	}
	return same(text(cut.FloatString(digits)))
}

func lower(f qlp.Field) *big.Rat { return either(f.Min, f.ExclusiveMin) }
func upper(f qlp.Field) *big.Rat { return either(f.Max, f.ExclusiveMax) }

func either(a, b *qlp.Number) *big.Rat {
	switch {
	case a != nil:
		return a.Rat()
	case b != nil:
		return b.Rat()
	default:
		return nil
	}
}

// scale returns the digits after the point that the bounds have.
func scale(f qlp.Field) int {
	n := 0
	for _, b := range []*qlp.Number{f.Min, f.Max, f.ExclusiveMin, f.ExclusiveMax} {
		if b != nil {
			_, fraction, _ := strings.Cut(string(*b), ".")
			n = max(n, len(fraction))
		}
	}
	return n
}

// within reports whether r keeps the bounds.
func within(f qlp.Field, r *big.Rat) bool { return brokenBound(f, r) == "" }

// brokenBound returns the first bound that r breaks.
func brokenBound(f qlp.Field, r *big.Rat) string {
	switch {
	case f.Min != nil && r.Cmp(f.Min.Rat()) < 0:
		return RuleMin
	case f.Max != nil && r.Cmp(f.Max.Rat()) > 0:
		return RuleMax
	case f.ExclusiveMin != nil && r.Cmp(f.ExclusiveMin.Rat()) <= 0:
		return RuleExclusiveMin
	case f.ExclusiveMax != nil && r.Cmp(f.ExclusiveMax.Rat()) >= 0:
		return RuleExclusiveMax
	default:
		return ""
	}
}
