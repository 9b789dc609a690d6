package contracttest

// Fault is one planted fault: what a careless service does.
type Fault string

// The faults. Each must be caught by a case.
const (
	FaultContentType    Fault = "content_type"     // any content type is read
	FaultBodyLimit      Fault = "body_limit"       // a body of exactly 1 MiB is refused
	FaultNoBodyLimit    Fault = "no_body_limit"    // bodies have no limit
	FaultKeyTwice       Fault = "key_twice"        // a key may be given twice
	FaultTrailing       Fault = "trailing"         // what follows the object is ignored
	FaultReadOnly       Fault = "read_only"        // read-only fields are ignored
	FaultUnknown        Fault = "unknown"          // unknown keys are ignored
	FaultStampsSwapped  Fault = "stamps_swapped"   // times of creation move, times of change stay
	FaultDefault        Fault = "default"          // defaults are not filled in
	FaultRequired       Fault = "required"         // required fields may be absent
	FaultEnum           Fault = "enum"             // an enum takes any text
	FaultReference      Fault = "reference"        // references are not checked
	FaultBlank          Fault = "blank"            // blank texts are accepted
	FaultLengthBytes    Fault = "length_bytes"     // lengths count bytes
	FaultLengthUTF16    Fault = "length_utf16"     // lengths count UTF-16 units
	FaultLength         Fault = "length"           // lengths are not checked
	FaultQueryTwice     Fault = "query_twice"      // a parameter may be given twice
	FaultPageSize       Fault = "page_size"        // page_size has no maximum
	FaultFilter         Fault = "filter"           // filters are ignored
	FaultQuery          Fault = "query"            // unknown query parameters are ignored
	FaultOrder          Fault = "order"            // lists descend
	FaultPage           Fault = "page"             // pages begin at 0
	FaultTotal          Fault = "total"            // total counts the page
	FaultSearchCase     Fault = "search_case"      // search minds the case
	FaultSearchFirst    Fault = "search_first"     // search looks in the first field only
	FaultSearchPattern  Fault = "search_pattern"   // search takes wildcards
	FaultLeftOut        Fault = "left_out"         // operations that the Spec leaves out are routed
	FaultPutKeeps       Fault = "put_keeps"        // PUT keeps absent fields
	FaultPatchReplaces  Fault = "patch_replaces"   // PATCH empties absent fields
	FaultLinkTwice      Fault = "link_twice"       // linking twice is a conflict
	FaultUnlink         Fault = "unlink"           // unlinking what is not linked answers 204
	FaultLeavesNull     Fault = "leaves_null"      // fields without a value are left out of a row
	FaultIDReused       Fault = "id_reused"        // the id of a deleted row is given again
	FaultLocation       Fault = "location"         // no Location
	FaultInvalidStatus  Fault = "invalid_status"   // 400 where 422 is due
	FaultFirstErrorOnly Fault = "first_error_only" // one error where several are due
	FaultConflictStatus Fault = "conflict_status"  // 422 where 409 is due
	FaultKeepsRefused   Fault = "keeps_refused"    // a refused change changes the row
	FaultUpdateUnique   Fault = "update_unique"    // changes are not checked for uniqueness
	FaultUnique         Fault = "unique"           // uniqueness is not kept
	FaultOwnClash       Fault = "own_clash"        // a row clashes with itself
	FaultDecimalText    Fault = "decimal_text"     // decimals are compared as texts
	FaultLinksHold      Fault = "links_hold"       // a linked row cannot be deleted
	FaultCascade        Fault = "cascade"          // referring rows stay
	FaultCascadeOnce    Fault = "cascade_once"     // the cascade ends after one step
	FaultSetNull        Fault = "set_null"         // references to a deleted row stay
	FaultRestrict       Fault = "restrict"         // referring rows do not hold a row
	FaultRestrictDeep   Fault = "restrict_deep"    // rows behind a cascade do not hold
	FaultForgets        Fault = "forgets"          // answered writes are not on disk
	FaultProblemType    Fault = "problem_type"     // errors come as application/json
	FaultHead           Fault = "head"             // HEAD is not answered
	FaultMethodStatus   Fault = "method_status"    // 404 where 405 is due
	FaultAuth           Fault = "auth"             // any caller is let in
	FaultAuthPrefix     Fault = "auth_prefix"      // a key that only begins like the right one is let in
	FaultIntString      Fault = "int_string"       // an int is taken from a string
	FaultIntFraction    Fault = "int_fraction"     // 1.0 is an int
	FaultIntRange       Fault = "int_range"        // an int has no limits
	FaultDecimalFloat   Fault = "decimal_float"    // decimals pass through a float
	FaultDecimalNumber  Fault = "decimal_number"   // decimals are answered as numbers
	FaultLineBreak      Fault = "line_break"       // a string takes line breaks
	FaultDate           Fault = "date"             // a date takes the thirtieth of February
	FaultEmail          Fault = "email"            // anything with an @ is an e-mail address
	FaultURL            Fault = "url"              // any scheme is a URL
	FaultUUIDCase       Fault = "uuid_case"        // UUIDs keep their case
	FaultZone           Fault = "zone"             // times keep their zone
	FaultBounds         Fault = "bounds"           // bounds are not checked
	FaultBoundsFloat    Fault = "bounds_float"     // bounds are compared as floats
	FaultExclusive      Fault = "exclusive"        // exclusive bounds are inclusive
	FaultMinStrict      Fault = "min_strict"       // a minimum is exclusive
	FaultMaxStrict      Fault = "max_strict"       // a maximum is exclusive
)

// Faults lists every fault.
func Faults() []Fault {
	return []Fault{
		FaultContentType,
		FaultBodyLimit,
		FaultNoBodyLimit,
		FaultKeyTwice,
		FaultTrailing,
		FaultReadOnly,
		FaultUnknown,
		FaultStampsSwapped,
		FaultDefault,
		FaultRequired,
		FaultEnum,
		FaultReference,
		FaultBlank,
		FaultLengthBytes,
		FaultLengthUTF16,
		FaultLength,
		FaultQueryTwice,
		FaultPageSize,
		FaultFilter,
		FaultQuery,
		FaultOrder,
		FaultPage,
		FaultTotal,
		FaultSearchCase,
		FaultSearchFirst,
		FaultSearchPattern,
		FaultLeftOut,
		FaultPutKeeps,
		FaultPatchReplaces,
		FaultLinkTwice,
		FaultUnlink,
		FaultLeavesNull,
		FaultIDReused,
		FaultLocation,
		FaultInvalidStatus,
		FaultFirstErrorOnly,
		FaultConflictStatus,
		FaultKeepsRefused,
		FaultUpdateUnique,
		FaultUnique,
		FaultOwnClash,
		FaultDecimalText,
		FaultLinksHold,
		FaultCascade,
		FaultCascadeOnce,
		FaultSetNull,
		FaultRestrict,
		FaultRestrictDeep,
		FaultForgets,
		FaultProblemType,
		FaultHead,
		FaultMethodStatus,
		FaultAuth,
		FaultAuthPrefix,
		FaultIntString,
		FaultIntFraction,
		FaultIntRange,
		FaultDecimalFloat,
		FaultDecimalNumber,
		FaultLineBreak,
		FaultDate,
		FaultEmail,
		FaultURL,
		FaultUUIDCase,
		FaultZone,
		FaultBounds,
		FaultBoundsFloat,
		FaultExclusive,
		FaultMinStrict,
		FaultMaxStrict,
	}
}

func (s *Service) is(f Fault) bool { return s.fault == f }
