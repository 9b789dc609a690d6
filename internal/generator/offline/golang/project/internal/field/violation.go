package field

// Violation is one broken rule of one field, in words for the caller.
type Violation struct {
	Field   string `json:"field"`
	Rule    string `json:"rule"`
	Message string `json:"message"`
}

// Invalid says why a row cannot be taken as it was given.
type Invalid struct{ Violations []Violation }

// Error returns the first violation's message.
func (e *Invalid) Error() string {
	if len(e.Violations) == 0 {
		return "the row is not valid"
	}
	return e.Violations[0].Message
}
