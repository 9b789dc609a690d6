package capsule

import (
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
)

// Capsule is a file that was read: its archive is well formed and its documents have the shapes they must have. Whether
// they are true is what Verify finds out.
type Capsule struct {
	Header     Header
	Spec       qlp.Spec
	Plan       qlp.Plan
	Stack      qlp.Stack
	Files      []qlp.File // the project, sorted by path
	Checks     []qlp.Check
	Executions []qlp.Execution
	Logs       map[qlp.Digest][]byte
	Key        PublicKey // the one that the file brings along

	digest   qlp.Digest
	size     int64
	entries  []entry
	envelope []byte
}

// Read takes a capsule's bytes apart. Errors are invalid ones; those of a file that is no capsule at all wrap ErrUnreadable.
func Read(b []byte) (*Capsule, error) {
	entries, err := decode(b)
	if err != nil {
		return nil, err
	}
	c := &Capsule{digest: qlp.DigestOf(b), size: int64(len(b)), entries: entries, Logs: map[qlp.Digest][]byte{}}
	if err := c.readDocuments(); err != nil {
		return nil, err
	}
	for _, e := range entries {
		if err := c.readEntry(e); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// Digest returns the digest of the whole file, Size its bytes.
func (c *Capsule) Digest() qlp.Digest { return c.digest }

// Size returns the length of the whole file in bytes.
func (c *Capsule) Size() int64 { return c.size }

// Subject returns the project in the form that the validator asks for.
func (c *Capsule) Subject() validator.Subject {
	return validator.Subject{Spec: c.Spec, Plan: c.Plan, Stack: c.Stack, Files: c.Files, Frozen: c.Header.Frozen}
}

func (c *Capsule) entry(path string) ([]byte, bool) {
	for _, e := range c.entries {
		if e.path == path {
			return e.content, true
		}
	}
	return nil, false
}

// readDocuments reads the fixed entries, each of which must be there.
func (c *Capsule) readDocuments() error {
	for _, d := range []struct {
		path string
		into any
	}{
		{entryHeader, &c.Header}, {entrySpec, &c.Spec}, {entryPlan, &c.Plan}, {entryStack, &c.Stack}, {entryChecks, &c.Checks},
	} {
		content, ok := c.entry(d.path)
		if !ok {
			return refuse("entry %s is missing", d.path)
		}
		if d.path == entryHeader {
			if err := checkFormat(content); err != nil {
				return err
			}
		}
		if err := decodeStrict(content, d.into); err != nil {
			return refuse("entry %s cannot be read: %v", d.path, err)
		}
	}
	for _, path := range []string{entrySBOM, entryProvenance, entryKey, entrySignature} {
		if _, ok := c.entry(path); !ok {
			return refuse("entry %s is missing", path)
		}
	}
	key, _ := c.entry(entryKey)
	var err error
	if c.Key, err = ParsePublicKey(key); err != nil {
		return refuse("entry %s cannot be read: %v", entryKey, err)
	}
	c.envelope, _ = c.entry(entrySignature)
	return nil
}

// checkFormat looks at the version before the rest, so that a later format is named and not called damaged.
func checkFormat(header []byte) error {
	var v struct {
		Format int `json:"format"`
	}
	if err := decodeLoose(header, &v); err != nil {
		return refuse("entry %s cannot be read: %v", entryHeader, err)
	}
	if v.Format != FormatVersion {
		return refuse("it has format %d, and this qlp reads format %d", v.Format, FormatVersion)
	}
	return nil
}

func (c *Capsule) readEntry(e entry) error {
	switch {
	case strings.HasPrefix(e.path, prefixProject):
		c.Files = append(c.Files, qlp.File{
			Path: strings.TrimPrefix(e.path, prefixProject), Content: e.content, Executable: e.executable,
		})
	case strings.HasPrefix(e.path, prefixExecution):
		var x qlp.Execution
		if err := decodeStrict(e.content, &x); err != nil {
			return refuse("entry %s cannot be read: %v", e.path, err)
		}
		if prefixExecution+x.ID+".json" != e.path {
			return refuse("entry %s holds execution %.40q", e.path, x.ID)
		}
		c.Executions = append(c.Executions, x)
	case strings.HasPrefix(e.path, prefixLogs):
		d := qlp.DigestOf(e.content)
		if logPath(d) != e.path {
			return refuse("log %s was changed: its content has another digest", e.path)
		}
		c.Logs[d] = e.content
	case rank(e.path) < 0:
		return refuse("entry %.80q has no place in a capsule", e.path)
	}
	return nil
}
