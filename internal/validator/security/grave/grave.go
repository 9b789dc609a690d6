// Package grave says which findings of gosec must be mended: the check that reads them and the program that prints them agree.
//
// It never reads a report.
//
// Arrows: the standard library only.
package grave

// Grave says whether a finding must be mended: not one of low severity or confidence, and not one that the code suppresses
// with a comment, unless its severity is high.
func Grave(severity, confidence string, suppressed bool) bool {
	if severity == "LOW" || confidence == "LOW" {
		return false
	}
	return !suppressed || severity == "HIGH" || severity == "CRITICAL"
}
