package field

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

// canonical reads JSON as a kind of value and writes it as it would be answered; "" means that it is refused.
func canonical[T any](t *testing.T, kind Kind[T], raw string) string {
	t.Helper()
	v, ok := kind.fromJSON(json.RawMessage(raw))
	if !ok {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func checkKind[T any](t *testing.T, name string, kind Kind[T], cases map[string]string) {
	t.Helper()
	for raw, want := range cases {
		if got := canonical(t, kind, raw); got != want {
			t.Errorf("%s: %.60s is read as %.60s, want %.60s", name, raw, got, want)
		}
	}
}

func TestTexts(t *testing.T) {
	t.Parallel()
	checkKind(t, "line", Line(), map[string]string{`"é"`: `"é"`, `""`: `""`, `"a\nb"`: "", `"a\rb"`: "", `"a\u0000"`: "", `1`: "", `true`: "", `[]`: "", `{}`: ""})
	checkKind(t, "text", Text(), map[string]string{`"a\nb"`: `"a\nb"`, `"a\u0000"`: ""})
	local := strings.Repeat("a", maxEmail-len("@b.cd"))
	checkKind(t, "email", Email(), map[string]string{
		`"a@b.c"`: `"a@b.c"`, `"é+x@b.c.d"`: `"é+x@b.c.d"`, `"a@b"`: "", `"@b.c"`: "", `"a@.c"`: "", `"a@b."`: "", `"a@@b.c"`: "", `"a b@c.d"`: "", `"a@b.c "`: "",
		`"` + local + `@b.cd"`: `"` + local + `@b.cd"`, `"a` + local + `@b.cd"`: "",
	})
	checkKind(t, "url", URL(), map[string]string{
		`"http://a"`: `"http://a"`, `"HTTPS://u:p@a.b:80/c?d#e"`: `"HTTPS://u:p@a.b:80/c?d#e"`, `"http://[::1]:80/"`: `"http://[::1]:80/"`,
		`"http://"`: "", `"http:///a"`: "", `"ftp://a"`: "", `"http://:80"`: "", `"http://u@/"`: "", `"http://a b"`: "", `"//a"`: "", `"http://[]"`: "",
		`"http://` + strings.Repeat("a", maxURL-7) + `"`: `"http://` + strings.Repeat("a", maxURL-7) + `"`, `"http://` + strings.Repeat("a", maxURL) + `"`: "",
	})
	checkKind(t, "uuid", UUID(), map[string]string{
		`"6BA7B810-9dad-11d1-80b4-00c04fd430c8"`: `"6ba7b810-9dad-11d1-80b4-00c04fd430c8"`,
		`"6ba7b8109dad11d180b400c04fd430c8"`:     "", `"{6ba7b810-9dad-11d1-80b4-00c04fd430c8}"`: "", `"6ba7b810-9dad-11d1-80b4-00c04fd430cg"`: "",
	})
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	checkKind(t, "int", Int(), map[string]string{
		`7`: `7`, `-0`: `0`, `9007199254740991`: `9007199254740991`, `-9007199254740991`: `-9007199254740991`,
		`9007199254740992`: "", `1.0`: "", `1e3`: "", `"7"`: "", `true`: "", `99999999999999999999`: "",
	})
	checkKind(t, "id", ID(), map[string]string{`7`: `7`, `0`: `0`, `-7`: `0`, `99999999999999999999`: `0`, `1.0`: "", `"7"`: ""})
	checkKind(t, "decimal", Number(), map[string]string{
		`"1.50"`: `"1.50"`, `1.50`: `"1.50"`, `"007"`: `"7"`, `"00.5"`: `"0.5"`, `-0`: `"0"`, `"-0.00"`: `"0.00"`, `"-1"`: `"-1"`, `7`: `"7"`,
		`"1e3"`: "", `1e3`: "", `"1."`: "", `".5"`: "", `"+1"`: "", `" 1"`: "", `""`: "", `"-"`: "", `"1.2.3"`: "", `true`: "", `"٣"`: "",
		`"123456789012345678901234567890"`: `"123456789012345678901234567890"`, `"1234567890123456789012345678901"`: "",
	})
	checkKind(t, "bool", Bool(), map[string]string{`true`: `true`, `false`: `false`, `"true"`: "", `1`: "", `0`: ""})
}

func TestTimes(t *testing.T) {
	t.Parallel()
	checkKind(t, "date", Day(), map[string]string{
		`"2026-02-28"`: `"2026-02-28"`, `"2024-02-29"`: `"2024-02-29"`, `"0001-01-01"`: `"0001-01-01"`, `"9999-12-31"`: `"9999-12-31"`,
		`"2026-02-29"`: "", `"2026-2-8"`: "", `"0000-01-01"`: "", `"2026-02-28T00:00:00Z"`: "", `20260228`: "", `""`: "",
	})
	checkKind(t, "time", Moment(), map[string]string{
		`"2026-02-28T09:30:00Z"`: `"2026-02-28T09:30:00Z"`, `"2026-02-28T09:30:00.120000Z"`: `"2026-02-28T09:30:00.12Z"`,
		`"2026-02-28T00:30:00+01:00"`: `"2026-02-27T23:30:00Z"`, `"2026-02-28T09:30:00.000-00:00"`: `"2026-02-28T09:30:00Z"`,
		`"2026-02-28T09:30:00"`: "", `"2026-02-28 09:30:00Z"`: "", `"2026-02-28T09:30:00z"`: "", `"2026-02-28T09:30Z"`: "", `"2026-02-28T9:30:00Z"`: "",
		`"2026-02-28T09:30:60Z"`: "", `"2026-02-28T24:00:00Z"`: "", `"2026-02-28T09:30:00,5Z"`: "", `"2026-02-28T09:30:00.1234567Z"`: "",
		`"2026-02-28T09:30:00.Z"`: "", `"2026-02-28T09:30:00+24:00"`: "", `"0001-01-01T00:00:00+01:00"`: "", `"9999-12-31T23:59:59-01:00"`: "",
	})
}

func TestKeysOfEqualValues(t *testing.T) {
	t.Parallel()
	noon := time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)
	if Key(Decimal("1.0")) != Key(Decimal("1")) || Key(Decimal("10")) == Key(Decimal("1")) || Key(Decimal("0.00")) != "0" {
		t.Error("decimals are compared by their digits")
	}
	if Key(noon) != Key(noon.In(time.FixedZone("", 3600))) {
		t.Error("times are compared by their notation")
	}
	if Decimal("0.10").Cmp("0.1") != 0 || Decimal("-2").Cmp("1.5") >= 0 || Decimal("0.3").Cmp("0.1") <= 0 {
		t.Error("decimals are not compared by value")
	}
}

// sample is a row with one field of each manner.
type sample struct {
	must      string
	may       *int64
	usual     string
	mayUsual  *string
	createdAt time.Time
	changedAt time.Time
	createdOn Date
	changedOn Date
}

func (s *sample) fill(f *Form) {
	s.must = Required(f, "must", s.must, Line(), MinLength(2), MaxLength(3))
	s.may = Optional(f, "may", s.may, Int(), Min(1), Max(9))
	s.usual = Defaulted(f, "usual", s.usual, "u", Word(), OneOf("u", "v"))
	s.mayUsual = OptionalDefaulted(f, "may_usual", s.mayUsual, "m", Line())
	s.createdAt = CreatedAt(f, "created_at", s.createdAt)
	s.changedAt = ChangedAt(f, "changed_at")
	s.createdOn = CreatedOn(f, "created_on", s.createdOn)
	s.changedOn = ChangedOn(f, "changed_on")
}

func fillSample(t *testing.T, s *sample, mode Mode, now time.Time, body string) string {
	t.Helper()
	var given map[string]json.RawMessage
	if err := json.Unmarshal([]byte(body), &given); err != nil {
		t.Fatal(err)
	}
	f := NewForm(mode, given, now, func(string, int64) bool { return true })
	s.fill(f)
	var invalid *Invalid
	if !errors.As(f.Err(), &invalid) {
		return ""
	}
	var broken []string
	for _, v := range invalid.Violations {
		broken = append(broken, v.Field+":"+v.Rule)
		if !strings.HasPrefix(v.Message, v.Field+" ") {
			t.Errorf("the message of %s is %q", v.Field, v.Message)
		}
	}
	return strings.Join(broken, " ")
}

func TestWhatIsAbsent(t *testing.T) {
	t.Parallel()
	first := time.Date(2026, 1, 1, 12, 0, 0, 999, time.UTC)
	later := first.AddDate(0, 0, 1)
	s := &sample{}
	if got := fillSample(t, s, Create, first, `{"must":"abc","may":5,"id":null,"created_at":null}`); got != "" {
		t.Fatalf("refused: %s", got)
	}
	if s.must != "abc" || *s.may != 5 || s.usual != "u" || *s.mayUsual != "m" || !s.createdAt.Equal(first.Truncate(time.Microsecond)) || s.createdOn != "2026-01-01" {
		t.Errorf("created %+v", s)
	}
	if got := fillSample(t, s, Change, later, `{"usual":"v","may_usual":null}`); got != "" {
		t.Fatalf("refused: %s", got)
	}
	if s.must != "abc" || *s.may != 5 || s.usual != "v" || s.mayUsual != nil || s.createdOn != "2026-01-01" || s.changedOn != "2026-01-02" || !s.changedAt.After(s.createdAt) {
		t.Errorf("changed to %+v", s)
	}
	if got := fillSample(t, s, Replace, later, `{"must":"ab"}`); got != "" {
		t.Fatalf("refused: %s", got)
	}
	if s.must != "ab" || s.may != nil || s.usual != "u" || *s.mayUsual != "m" || s.createdOn != "2026-01-01" {
		t.Errorf("replaced by %+v", s)
	}
}

func TestWhatIsRefused(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode Mode
		body string
		want string
	}{
		{Create, `{}`, "must:required"},
		{Replace, `{"must":" "}`, "must:required"},
		{Change, `{"must":null,"usual":null}`, "must:required usual:required"},
		{Change, `{}`, ""},
		{Create, `{"must":"abcd","may":0,"usual":"w","may_usual":7}`, "must:max_length may:min usual:enum may_usual:type"},
		{Create, `{"zz":null,"must":"é","may":10,"aa":1,"changed_on":"2026-01-01","id":1}`, "id:read_only must:min_length may:max changed_on:read_only aa:unknown zz:unknown"},
	} {
		if got := fillSample(t, &sample{}, c.mode, time.Now(), c.body); got != c.want {
			t.Errorf("%s: %q, want %q", c.body, got, c.want)
		}
	}
}
