package diagnose

import (
	"encoding/json"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Ruff reads the report of `ruff check --output-format json`; one that cannot be read gives no finding, the exit code
// has decided already.
func Ruff(stdout []byte) []qlp.Finding {
	var list []struct {
		Code     string `json:"code"`
		Message  string `json:"message"`
		Filename string `json:"filename"`
		Location struct {
			Row    int `json:"row"`
			Column int `json:"column"`
		} `json:"location"`
	}
	if json.Unmarshal(stdout, &list) != nil {
		return nil
	}
	var out []qlp.Finding
	for _, l := range list[:min(len(list), MaxFindings)] {
		out = append(out, qlp.Finding{
			Path: Path(l.Filename), Line: max(l.Location.Row, 0), Column: max(l.Location.Column, 0),
			Rule: l.Code, Severity: "error", Message: Short(l.Message),
		})
	}
	return out
}
