package store

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash/crc32"
)

// A file of rows is made of lines: the CRC-32C of the text as 8 hexadecimal digits, a space, the text as JSON, a line
// break. It can be read with any editor, and a line that is not whole shows.

// record is one transaction in a journal.
type record struct {
	Seq     int64    `json:"n"` // one more than that of the record before
	Changes []change `json:"do"`
}

const checksumLength = 8

// encode returns v as one line.
func encode(v any) ([]byte, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%08x %s\n", checksum(text), text), nil
}

// decode reads a line without its line break.
func decode(line []byte, v any) error {
	if len(line) <= checksumLength || line[checksumLength] != ' ' {
		return fmt.Errorf("it has no checksum")
	}
	text := line[checksumLength+1:]
	want, err := hex.DecodeString(string(line[:checksumLength]))
	if err != nil {
		return fmt.Errorf("its checksum is not hexadecimal")
	}
	if got := checksum(text); got != uint32(want[0])<<24|uint32(want[1])<<16|uint32(want[2])<<8|uint32(want[3]) {
		return fmt.Errorf("its checksum is wrong")
	}
	return json.Unmarshal(text, v)
}

func checksum(b []byte) uint32 { return crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)) }
