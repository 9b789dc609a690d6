package accepttool

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// maxFile bounds the cases file in bytes: escaped, the texts of a valid one are at most six times as long.
const maxFile = 8 << 20

// readFile returns the cases and the file's content.
func readFile(name string) ([]qlp.Acceptance, []byte, error) {
	f, err := os.Open(name) //nolint:gosec // the stack's command names the file
	if err != nil {
		return nil, nil, fmt.Errorf("open the cases: %w", err)
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the cases: %w", err)
	}
	if len(content) > maxFile {
		return nil, nil, fmt.Errorf("the cases file has more than %d bytes", maxFile)
	}
	cases, err := readCases(content)
	return cases, content, err
}

// readCases reads {"cases": [...]}. A key that does not exist, something after it, a case that cannot be played, or no case
// at all is an error: what is not understood must not count as played.
func readCases(content []byte) ([]qlp.Acceptance, error) {
	var doc struct {
		Cases []qlp.Acceptance `json:"cases"`
	}
	dec := json.NewDecoder(bytes.NewReader(content))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&doc); err != nil {
		return nil, fmt.Errorf("the cases file does not fit: %w", err)
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the cases")
	}
	if len(doc.Cases) == 0 {
		return nil, errors.New("there is no case")
	}
	if problems := qlp.CheckCases(doc.Cases); len(problems) > 0 {
		return nil, fmt.Errorf("the cases cannot be played: %s (%d in all)", problems[0], len(problems))
	}
	return doc.Cases, nil
}
