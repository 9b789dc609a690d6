package grammar

import (
	_ "embed"
	"strings"

	"github.com/quantumlayer/qlp/internal/interpreter/inflect"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// vocabulary is everything the grammar knows of English, compiled once.
type vocabulary struct {
	words        *inflect.Words
	constraints  *table // rules of a field
	types        *table // types of a field
	rules        *table // statements about deletes, operations, links
	finds        *table // search and filter
	settings     *table // stack, extras, storage, protection, pages: their core words
	features     *table // what no service of ours can do
	relations    *table // how one thing points at another
	misspellings map[string]string
	references   *table // how a field points at a thing
}

//go:embed misspellings.txt
var misspellingRows string

// misspellings reads the table of misspelt names.
func misspellings() map[string]string {
	out := map[string]string{}
	for row := range strings.Lines(misspellingRows) {
		if parts := strings.Fields(row); len(parts) == 2 {
			out[parts[0]] = parts[1]
		}
	}
	return out
}

func compile() *vocabulary {
	return &vocabulary{
		misspellings: misspellings(),
		words:        inflect.New(),
		constraints:  rows(constraintRows),
		types:        rows(typeRows),
		rules:        rows(ruleRows),
		finds:        rows(findRows),
		settings:     rows(settingRows),
		features:     rows(featureRows),
		relations:    rows(relationRows),
		references:   rows(referenceRows),
	}
}

// constraintRows are the rules of a field, without the "which must be" in front of them.
const constraintRows = `
unique: unique|uniq key|index|constraint|values|value?
unique: no duplicates|duplicate values|value? allowed|permitted?
unique: without duplicates
unique: duplicates not allowed|permitted
unique: not repeat
unique: not|never be? repeated|duplicated|reused
unique: never repeat|repeats
repeat: can|may repeat
repeat: can|may be repeated|duplicated|reused
repeat: not|non unique
repeat: not necessarily unique
repeat: need not be unique
repeat: do|does not have|need to be unique
repeat: duplicates allowed|ok|okay|fine
optional: optional|optionally
optional: not required|mandatory|necessary|needed|compulsory|obligatory
optional: nullable
optional: null
optional: if any|available|known|present|needed|applicable|given|provided
optional: when known|available|present|applicable|given
optional: can|may be left? empty|blank|null|missing|omitted|absent|unset|unknown
optional: can|may be left out|off
optional: need not be given|set|present|filled|provided
optional: not always present|given|known|set|filled
optional: do|does not have|need to be given|set|present|filled|provided
optional: or null|nil|none|empty|nothing
required: required|mandatory|compulsory|obligatory|needed
required: be given|present|set|filled|provided|specified
required: not be? left? null|nil|empty|blank|optional|missing|nullable|omitted
required: non null|empty|blank|optional
required: never be? null|empty|blank|missing
min: at least <n>
min: min|minimum length? value? of|is|:|=? <n>
min: no shorter than <n>
min: >= <n>
min: not|no be? less|lower|smaller|fewer than <n>
min: not|never be|go? below|under <n>
min: never be? less|lower|smaller|fewer than <n>
min: <n> or|and more|higher|greater|above|up|over|larger|longer
min: <n> min|minimum
min: from <n> up|upwards
max: at most <n>
max: max|maximum length|of? value? of|is|:|=? <n>
max: <= <n>
max: not|no|never be? more|greater|higher|larger|bigger|longer than <n>
max: up to <n>
max: not|never be|go? above|over|exceed|exceeding|beyond <n>
max: <n> or|and less|fewer|lower|below|under|smaller|shorter
max: <n> max|maximum|tops
max: capped|limited at|to <n>
max: limit of? <n>
xmin: greater|more|larger|higher|bigger than <n>
xmin: > <n>
xmin: above|over|exceeding|beyond <n>
xmin: exceed <n>
positive: strictly? positive
xmax: less|smaller|lower|fewer than <n>
xmax: < <n>
xmax: below|under <n>
negative: negative
natural: non negative
natural: nonnegative
natural: not|never be? negative
natural: zero or more|greater|above|higher|positive|larger
natural: positive or zero
range: between <n> and|to|- <n>
range: between <n> & <n>
range: from <n> to|through|until|up|- to? <n>
range: <n> to|through|-|.. <n>
range: <n> up to <n>
range: in|within a|the? range of|from|:? <n> to|-|and|.. <n>
range: range of|from|:? <n> to|-|and|.. <n>
range: within <n> and|to <n>
range: min|minimum of|:|=? <n> ,|and|& max|maximum of|:|=? <n>
range: at least <n> ,|and|& at? most <n>
range: >= <n> ,|and|& <= <n>
length: exactly|precisely <n>
length: length of|is|:|=? exactly? <n>
length: <n>
lengths: length between <n> and|to|- <n>
lengths: length of|from|:? <n> to|-|.. <n>
default: default|defaults|defaulting value? to|of|is|as|:|=|being? <v>
default: by default <v>
default: <v> by default
default: <v> as|is|being the|a|its? default value?
default: <v> default
default: initially <v>
default: initial value of|is|:|=? <v>
default: = <v>
auto: set|filled|generated|recorded|assigned|added|stored|managed|stamped in? automatically|automatic
auto: set|filled|generated|recorded|assigned|added|managed in? by the? server|service|system|api|backend automatically?
auto: set|filled|generated|recorded|assigned automatically? on|at|upon every|each? creation|insert|insertion|save|update|change|write
auto: set|filled|generated|recorded|assigned automatically? when|once|whenever it|the|a|record|row|entry|is|gets* created|saved|updated|changed|inserted
auto: automatically|auto set|filled|generated|recorded|assigned|managed|stored|added|populated|stamped|maintained|updated on|at|upon|by|every|each|the|server|service|system|creation|update|change|save*
auto: auto|automatic|automatically
cascade: on? delete cascade
cascade: cascade|cascading on? delete|deletes|deletion?
restrict: on? delete restrict
restrict: restrict on? delete?
set_null: on? delete set null
set_null: set to? null on delete?
search: searchable
filter: filterable
`

// typeRows are the types of a field.
const typeRows = `
string: string|str|varchar|strings
string: short|plain text
string: single line of? text?
text: text|textarea|markdown|longtext
text: long|multiline|free|big text|string
text: multi line text?
int: int|integer|integers|bigint|smallint number|value?
int: whole number|numbers
decimal: decimal|decimals|numeric number|value|amount?
decimal: fixed|fractional number
money: money|monetary amount|value?
float: float|double|real number?
float: floating point number?
number: number
bool: bool|boolean|booleans flag|value?
bool: yes / no
bool: yes or no
bool: yes | no
bool: true / false
bool: true or false
bool: y / n
bool: flag|checkbox
date: date
date: calendar date
datetime: datetime|timestamp
datetime: date time
datetime: date and|/|with|& time
datetime: time stamp
email: email address?
url: url|link|uri
url: web address
uuid: uuid|guid
`

// Words by what they are. A word may be in several sets.
var (
	typeWords       = set("string str varchar text int integer decimal money float double number bool boolean flag yes true date datetime timestamp email url link uri uuid guid whole enum numeric")
	constraintWords = set("unique uniq optional required mandatory default max min maximum minimum nullable null positive at up between exactly not no non >= <= > < one either auto automatically optionally = must cascade from")
	metaWords       = set("entity entities resource resources table tables model models object objects thing things following data requirement requirements collection collections type types endpoint endpoints record records domain schema scaffold spec specification rule rules constraint constraints note feature features item")
	fieldWords      = set("field fields attribute attributes property properties column columns")
	ruleWords       = set("search filter list delete deleting when no never always only do don add include use protect secure store all each every page paginate")
	haveVerbs       = set("have has having contain contains containing include includes including consist consists consisting comprise comprises with")
	keepVerbs       = set("manage manages managing track tracks tracking keep keeps keeping store stores storing handle handles handling record records recording organise organises organize organizes maintain maintains administer save saves saving register registers hold holds holding catalog catalogue expose exposes exposing serve serves provide provides offer offers cover covers")
	serviceWords    = set("api apis backend backends microservice microservices service services server servers webservice endpoint endpoints crud")
	transportWords  = set("rest restful json http https web micro crud hypermedia stateless back end")
	unclearWords    = set("app application apps applications tool program software system platform project solution webapp")

	determiners = set("a an the each every all any its their our my your his her this that these those some such one both another single exactly own various following")
	modals      = set("can may could might must should shall will would optionally also always usually additionally then")
	// verbsToo are verbs that may as well be the name of a thing or of a field.
	verbsToo = set("link links reference references points stay stays remain cascade like needs contact record")
	closed   = set("a an the each every all any its their our my your his her this these those some such both either neither " +
		"and or but nor if when while unless until because so than then as at by for from in into of on onto over per to under up with without within between through via about after before during " +
		"is are was were be been being am do does did have has had having can could may might must shall should will would not no never only also just very too always " +
		"it they them he she we i you who which that what where how there here please want need needs like " +
		"belong belongs belonging contain contains containing include includes including consist consists consisting comprise comprises " +
		"link links linking connect connects joins reference references referencing refer refers relate relates points many several multiple numerous " +
		"using except excluding besides instead rather unlike versus since deletes deleting delete deleted remove removing removed removes cascade cascades get gets become becomes stay stays remain remains disappear disappears called named optionally whose unless")
	// fillers carry no meaning of their own in front of a statement.
	fillers = set("please also and then i we you want would like to need needs a an the give me us make made build create write generate develop implement " +
		"design set up setup it should must be there is are can could so that in which additionally furthermore moreover finally plus just simply ideally " +
		"hi hello hey dear thanks thank let new's help have kindly do for , my our some new one here looking all want s d m ll re ve am id " +
		"simple small tiny basic minimal little complete full fully nice good great clean modern fast robust quick lightweight reliable maintainable")
	// adornments may stand before a kind word and say nothing that can be built.
	adornments = set("simple small tiny basic minimal little complete full nice good great clean modern fast robust quick lightweight reliable new production " +
		"ready grade quality scalable secure stateless standard typical straightforward plain proper working real sample demo example internal public own little " +
		"lean pure native stdlib based powered driven style backed only short self contained")
)

// nounsOfDomain are plurals that name a field of work and nothing that is kept.
var nounsOfDomain = set("sports logistics politics economics sales operations hr it statistics arts analytics savings accounts kids teams people users customers")

// typeByName returns the type that a name suggests, from a closed list, and "" where it suggests none.
func typeByName(name string) qlp.FieldType {
	if before, _, ok := strings.Cut(name, "_per_"); ok && before != "" {
		name = before
	}
	parts := strings.Split(name, "_")
	first, last := parts[0], parts[len(parts)-1]
	switch {
	case last == "email", strings.HasSuffix(name, "email_address"):
		return qlp.TypeEmail
	case last == "url" || last == "link" || last == "uri" || last == "website" || last == "homepage":
		return qlp.TypeURL
	case last == "uuid" || last == "guid":
		return qlp.TypeUUID
	case last == "at" && len(parts) > 1, last == "timestamp", last == "datetime":
		return qlp.TypeDatetime
	case last == "time" && len(parts) > 1:
		return qlp.TypeDatetime
	case last == "on" && len(parts) > 1, last == "date", first == "date", last == "birthday", last == "birthdate", last == "dob", last == "deadline":
		return qlp.TypeDate
	case len(parts) > 1 && (first == "is" || first == "has"), boolNames[name]:
		return qlp.TypeBool
	case strings.HasPrefix(name, "number_of_"), intNames[last], strings.HasPrefix(name, "year_of_"):
		return qlp.TypeInt
	case decimalNames[last], strings.Contains(name, "price_per_"), strings.Contains(name, "cost_per_"), strings.Contains(name, "rate_per_"):
		return qlp.TypeDecimal
	case textNames[last]:
		return qlp.TypeText
	}
	return ""
}

var (
	intNames     = set("count quantity qty age year capacity stock pages servings credits seats points stars calories floors bedrooms bathrooms wheels score rating likes views minutes seconds hours days weeks months years mileage")
	decimalNames = set("price amount cost total fee salary subtotal balance budget wage revenue weight height width latitude longitude temperature distance deposit fare")
	textNames    = set("description notes note body instructions content bio biography remarks comments")
	boolNames    = set("active enabled done completed archived paid verified")
	// stringNames are names of lines of text: a bound on one is a bound on its length.
	stringNames = set("title name code label slug message username password subject city street country currency unit phone sku isbn symbol color colour description notes note body summary bio text comment headline nickname surname firstname lastname address reference zip postcode")
)
