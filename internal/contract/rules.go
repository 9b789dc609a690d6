package contract

// The rules that an error names, in the order in which the first broken one is told.
const (
	RuleRequired     = "required"
	RuleType         = "type"
	RuleEnum         = "enum"
	RuleMin          = "min"
	RuleMax          = "max"
	RuleExclusiveMin = "exclusive_min"
	RuleExclusiveMax = "exclusive_max"
	RuleLength       = "length"
	RuleMinLength    = "min_length"
	RuleMaxLength    = "max_length"
	RuleReference    = "reference"
	RuleReadOnly     = "read_only"
	RuleUnknown      = "unknown"
	RuleUnique       = "unique"
	RuleReferenced   = "referenced"
	RuleQuery        = "query"
)

// Rules lists every rule.
func Rules() []string {
	return []string{
		RuleRequired, RuleType, RuleEnum, RuleMin, RuleMax, RuleExclusiveMin, RuleExclusiveMax, RuleLength, RuleMinLength,
		RuleMaxLength, RuleReference, RuleReadOnly, RuleUnknown, RuleUnique, RuleReferenced, RuleQuery,
	}
}

// Limits of addresses, in characters, and of decimals.
const (
	maxEmail  = 254
	maxURL    = 2000
	maxDigits = 30
)
