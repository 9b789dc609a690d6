package capsule

import (
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// FormatVersion is the version of the archive's layout that this package writes; it reads this one only.
const FormatVersion = 1

// Extension of a capsule's file name.
const Extension = ".qlcapsule"

// The fixed entries. Everything else lives under project/ and evidence/.
const (
	entryHeader     = "capsule.json"
	entrySpec       = "spec.json"
	entryPlan       = "plan.json"
	entryStack      = "stack.json"
	prefixProject   = "project/"
	prefixEvidence  = "evidence/"
	entryChecks     = "evidence/checks.json"
	prefixExecution = "evidence/executions/"
	prefixLogs      = "evidence/logs/"
	entryFindings   = "evidence/findings.sarif"
	entrySBOM       = "sbom.cdx.json"
	entryProvenance = "provenance.json"
	entryKey        = "key.pub"
	entrySignature  = "signature.json"
)

// Limits of what is read. A capsule past one of them is refused before anything in it is looked at.
const (
	MaxFile    = 256 << 20 // bytes of the whole file
	MaxEntry   = 64 << 20  // bytes of one entry
	MaxEntries = 20_000
	MaxDepth   = 24  // folders above a file
	MaxName    = 255 // bytes of an entry's name; the same bound as a path in a project
)

// Header is capsule.json: what the capsule is about and what was found.
type Header struct {
	Format     int               `json:"format"`
	IntentID   string            `json:"intent_id"`
	RunID      string            `json:"run_id"`
	Words      string            `json:"intent"`
	Revision   int               `json:"revision"`
	Parent     string            `json:"parent,omitempty"`
	Title      string            `json:"title"`
	Stack      string            `json:"stack"`
	SpecDigest qlp.Digest        `json:"spec_digest"`
	PlanDigest qlp.Digest        `json:"plan_digest"`
	TreeDigest qlp.Digest        `json:"tree_digest"` // of the project's files
	Frozen     qlp.Tree          `json:"frozen"`      // the acceptance files, as they were frozen before the code
	Verdict    qlp.Verdict       `json:"verdict"`
	Reason     string            `json:"reason,omitempty"`
	Toolchain  map[string]string `json:"toolchain,omitempty"`
	Created    time.Time         `json:"created"`
	Version    string            `json:"qlp_version"`
}

// manifest is the signed list of digests: every entry before the signature, in archive order.
type manifest struct {
	Format  int         `json:"format"`
	Entries []qlp.Entry `json:"entries"`
}

// payloadType of the DSSE envelope around the manifest.
const payloadType = "application/vnd.qlp.capsule.manifest.v1+json"
