package httpapi

import (
	"testing"

	"github.com/quantumlayer/qlp/internal/generator/offline/golang/project/internal/field"
)

type thing struct {
	name  string
	price *field.Decimal
}

func things() *resource[thing] {
	name := func(x *thing) *string { return &x.name }
	price := func(x *thing) *field.Decimal { return x.price }
	return &resource[thing]{
		size: 20, largest: 100,
		filters: []filter[thing]{
			by("name", field.Word(), name, field.OneOf("a b", "Öl")),
			by("price", field.Number(), price).orNull(),
		},
		search: func(x *thing) []*string { return []*string{nil, &x.name} },
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	one := field.Decimal("1.0")
	priced, free := &thing{name: "a b", price: &one}, &thing{name: "Öl"}
	for _, c := range []struct {
		query        string
		good         bool
		priced, free bool
	}{
		{"", true, true, true},
		{"page=2&page_size=100", true, true, true},
		{"name=a+b", true, true, false},
		{"price=1", true, true, false},
		{"price=null", true, false, true},
		{"price=1.00&name=%C3%96l", true, false, false},
		{"q=ÖL", true, false, true},
		{"q=%20B", true, true, false},
		{"q=", true, true, true},
		{"page=0", false, false, false},
		{"page=%2B1", false, false, false},
		{"page=1.0", false, false, false},
		{"page_size=101", false, false, false},
		{"page=1&page=1", false, false, false},
		{"name=c", false, false, false},
		{"name=null", false, false, false},
		{"price=cheap", false, false, false},
		{"price=", false, false, false},
		{"other=1", false, false, false},
		{"q=%zz", false, false, false},
		{"q=%ff", false, false, false},
		{"q=a;b", false, false, false},
	} {
		r := request(t, "GET", "/", "")
		r.URL.RawQuery = c.query
		q, err := things().query(r)
		if (err == nil) != c.good {
			t.Errorf("?%s: %v", c.query, err)
			continue
		}
		holds := func(x *thing) bool {
			for _, h := range q.Where {
				if !h(x) {
					return false
				}
			}
			return true
		}
		if c.good && (holds(priced) != c.priced || holds(free) != c.free) {
			t.Errorf("?%s: finds %v and %v", c.query, holds(priced), holds(free))
		}
	}
}

func TestFold(t *testing.T) {
	t.Parallel()
	for _, pair := range [][2]string{{"Straße", "STRAßE"}, {"ΟΔΟΣ", "οδος"}, {"K", "k"}, {"ÅNGSTRÖM", "ångström"}} {
		if fold(pair[0]) != fold(pair[1]) {
			t.Errorf("%s and %s differ", pair[0], pair[1])
		}
	}
	if fold("a") == fold("b") {
		t.Error("all texts are the same")
	}
}
