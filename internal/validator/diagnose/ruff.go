package diagnose

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Ruff reads the report of `ruff check --output-format json`: a list, empty where nothing was found. Anything else is an
// error, because a report that cannot be read is no evidence.
func Ruff(stdout []byte) ([]qlp.Finding, error) {
	var list []struct {
		Code     string `json:"code"`
		Message  string `json:"message"`
		Filename string `json:"filename"`
		Location struct {
			Row    int `json:"row"`
			Column int `json:"column"`
		} `json:"location"`
	}
	if err := json.Unmarshal(stdout, &list); err != nil {
		return nil, fmt.Errorf("read the report of ruff: %w", err)
	}
	if list == nil {
		return nil, errors.New("the report of ruff is no list")
	}
	var out []qlp.Finding
	for _, l := range list[:min(len(list), MaxFindings)] {
		out = append(out, qlp.Finding{
			Path: Path(l.Filename), Line: max(l.Location.Row, 0), Column: max(l.Location.Column, 0),
			Rule: l.Code, Severity: "error", Message: Short(l.Message),
		})
	}
	return out, nil
}
