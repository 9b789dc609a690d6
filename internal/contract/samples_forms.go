package contract

import "github.com/quantumlayer/qlp/internal/qlp"

func (s *sampler) dates() {
	s.accept(RuleType, `"2024-02-29"`, `"0001-01-01"`, `"9999-12-31"`)
	s.refuse(RuleType, `"2026-02-30"`, `"2025-02-29"`, `"2026-13-01"`, `"2026-2-3"`, `"20260203"`, `"0000-01-01"`, `"2026-02-03T00:00:00Z"`, `"tomorrow"`, `""`, "20260203", "{}")
}

func (s *sampler) moments() {
	for _, sent := range []string{
		"2026-02-28T09:30:00Z", "2026-02-28T23:45:10+01:30", "2026-03-01T00:15:00.500000-05:00", "2026-02-28T09:30:01.000Z",
		"2026-02-28T09:30:00.123456Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2024-02-29T12:00:00Z",
	} {
		s.turn(text(sent), text(canonicalTime(sent)))
	}
	s.refuse(RuleType,
		`"2026-02-28"`, `"2026-02-28T09:30:00"`, `"2026-02-30T09:30:00Z"`, `"2026-02-28 09:30:00Z"`, `"2026-02-28T24:00:00Z"`, `"2026-02-28T09:60:00Z"`,
		`"2026-02-28T09:30:60Z"`, `"2026-02-28T09:30:00.1234567Z"`, `"2026-02-28T09:30:00+25:00"`, `"2026-02-28T09:30Z"`, `"2026-02-28t09:30:00z"`,
		`"0001-01-01T00:00:00+01:00"`, `"noon"`, `""`, "1772270000", "{}")
}

func (s *sampler) addresses() {
	if s.f.Required() {
		s.refuse(RuleRequired, `""`, `" "`)
	} else {
		s.refuse(RuleType, `""`)
	}
	s.refuse(RuleType, "12", "true", "{}")
	switch s.f.Type {
	case qlp.TypeEmail:
		s.accept(RuleType, `"first.last+tag@mail.example.org"`, `"a@b.cd"`, `"O'Neil_ü@exämple.org"`, `"{{a*242}}@example.org"`)
		s.refuse(RuleType, `"plain"`, `"a@b"`, `"@example.org"`, `"a@@example.org"`, `"a@b@example.org"`, `"a b@example.org"`, `"a@exam ple.org"`, `"a@.org"`, `"a@org."`, `"{{a*243}}@example.org"`)
	case qlp.TypeURL:
		s.accept(RuleType, `"http://example.org"`, `"https://user@example.org:8443/a/b?c=d&e=%20#f"`, `"http://[2001:db8::1]/x"`, `"https://example.org/{{p*1980}}"`)
		s.refuse(RuleType, `"example.org"`, `"ftp://example.org"`, `"javascript:alert(1)"`, `"http://"`, `"https:///path"`, `"http://exam ple.org"`, `"https://example.org/a b"`, `"https://example.org/{{p*1981}}"`)
	case qlp.TypeUUID:
		s.turn(`"0F8FAD5B-D9CB-469F-A165-70867728950E"`, `"0f8fad5b-d9cb-469f-a165-70867728950e"`)
		s.accept(RuleType, `"00000000-0000-0000-0000-000000000000"`)
		s.refuse(RuleType, `"0f8fad5bd9cb469fa16570867728950e"`, `"0f8fad5b-d9cb-469f-a165-70867728950"`, `"0g8fad5b-d9cb-469f-a165-70867728950e"`, `"{0f8fad5b-d9cb-469f-a165-70867728950e}"`, `"0f8fad5b-d9cb-469f-a165-70867728950e "`)
	}
}
