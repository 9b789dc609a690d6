package contracttest

import "github.com/quantumlayer/qlp/internal/qlp"

// Everything has every type with every rule, required and optional, every reaction to a delete, a reference to itself, two
// references to one entity, names that are words of programming languages, and two many-to-many links.
func Everything() qlp.Spec {
	s := service("Everything at Once",
		entity("class", "classes",
			field("name", qlp.TypeString, unique, atLeast(2), atMost(40)),
			field("type", qlp.TypeEnum, oneOf("small", "very large", "ünïcode"), usually(`"small"`)),
			field("parent", qlp.TypeRef, to("class", qlp.SetNull), optional)),
		entity("thing", "things", append(texts(), numbers()...)...),
		entity("moment", "moments",
			field("class", qlp.TypeRef, to("class", qlp.Cascade)),
			field("thing", qlp.TypeRef, to("thing", qlp.Restrict), optional),
			field("other_thing", qlp.TypeRef, to("thing", qlp.SetNull), optional),
			field("day", qlp.TypeDate), field("day_off", qlp.TypeDate, optional), field("first_day", qlp.TypeDate, usually(`"2026-01-31"`)),
			field("at", qlp.TypeDatetime, unique), field("until", qlp.TypeDatetime, optional),
			field("created_on", qlp.TypeDate, auto), field("created_at", qlp.TypeDatetime, auto), field("updated_at", qlp.TypeDatetime, auto)),
		entity("note", "notes",
			field("moment", qlp.TypeRef, to("moment", qlp.Cascade)), field("twin", qlp.TypeRef, to("note", qlp.SetNull), optional, unique),
			field("return", qlp.TypeText, atMost(2000))))
	s.ManyToMany = [][2]string{{"thing", "class"}, {"note", "class"}}
	s.Without = map[string][]qlp.Operation{"note": {qlp.OpUpdate}}
	s.Search = map[string][]string{"class": {"name"}, "thing": {"label", "body", "contact", "kind"}}
	s.Filters = map[string][]string{
		"class":  {"type"},
		"thing":  {"label", "kind", "contact", "home", "key", "count", "price", "ready", "wanted"},
		"moment": {"day", "day_off", "at", "until", "created_on"},
	}
	s.PageSize = 7
	s.Auth = qlp.AuthAPIKey
	s.Extras = []string{"dockerfile", "openapi", "readme"}
	return s
}

func texts() []qlp.Field {
	return []qlp.Field{
		field("label", qlp.TypeString, atMost(20)),
		field("code", qlp.TypeString, length(4), unique),
		field("nick", qlp.TypeString, optional, atLeast(3)),
		field("colour", qlp.TypeString, usually(`"grün"`)),
		field("body", qlp.TypeText, optional, atMost(200)),
		field("contact", qlp.TypeEmail), field("second_contact", qlp.TypeEmail, optional, unique),
		field("home", qlp.TypeURL), field("mirror", qlp.TypeURL, optional),
		field("key", qlp.TypeUUID, unique), field("alias", qlp.TypeUUID, optional),
		field("kind", qlp.TypeEnum, oneOf("a", "b", "c-d")), field("mood", qlp.TypeEnum, oneOf("good", "bad"), optional),
	}
}

func numbers() []qlp.Field {
	return []qlp.Field{
		field("count", qlp.TypeInt), field("rank", qlp.TypeInt, lowest("-5"), highest("5")),
		field("level", qlp.TypeInt, above("0"), below("10"), usually("3")), field("serial", qlp.TypeInt, optional, unique),
		field("price", qlp.TypeDecimal, above("0"), highest("99.95")), field("weight", qlp.TypeDecimal, lowest("0.1"), below("1.3"), optional),
		field("sum", qlp.TypeDecimal, unique), field("rate", qlp.TypeDecimal, usually("0.30")),
		field("ready", qlp.TypeBool), field("wanted", qlp.TypeBool, optional), field("open", qlp.TypeBool, usually("true")),
	}
}
