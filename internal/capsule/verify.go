package capsule

import (
	"maps"
	"slices"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// Trust says whose capsules are accepted.
type Trust struct {
	// Key, if given, is the only key that is accepted.
	Key *PublicKey
	// Pinned keys are accepted; if there is one, all others but Own are refused.
	Pinned map[string]PublicKey
	// Own is the machine's own key, always accepted.
	Own *PublicKey
	// Policy, if given, returns the keys of the checks that this machine's policy requires for a project: a capsule that
	// was judged by a weaker policy is refused.
	Policy func(spec qlp.Spec, stack qlp.Stack, checks []qlp.Check) ([]string, error)
}

// Signer says who signed.
type Signer struct {
	KeyID   string `json:"key_id"`
	Trusted bool   `json:"trusted"` // given, pinned or the machine's own; false: unknown, and nothing was pinned
}

// Verify checks everything that can be checked without running anything: the signature and whose it is, that the signed
// manifest lists exactly the entries in their order with their digests, that the documents agree with each other, that
// every piece of evidence that a check names is there, and that the verdict follows from the checks. The first thing that
// is wrong is the error, of code invalid (unauthorized for a key that is not accepted).
func (c *Capsule) Verify(t Trust) (Signer, error) {
	signer, key, err := c.signer(t)
	if err != nil {
		return signer, err
	}
	m, err := openEnvelope(c.envelope, key)
	if err != nil {
		return signer, err
	}
	if err := c.holdAgainst(m); err != nil {
		return signer, err
	}
	if err := c.judge(); err != nil {
		return signer, err
	}
	return signer, c.checkPolicy(t)
}

// signer chooses the key to check with.
func (c *Capsule) signer(t Trust) (Signer, PublicKey, error) {
	id := c.Key.ID()
	s := Signer{KeyID: id}
	_, pinned := t.Pinned[id]
	switch {
	case t.Key != nil:
		if t.Key.ID() != id {
			return s, PublicKey{}, qlp.Errorf(qlp.Unauthorized, "it is signed by key %s, not by the given key %s", short(id), short(t.Key.ID()))
		}
		s.Trusted = true
	case pinned || t.Own != nil && t.Own.ID() == id:
		s.Trusted = true
	case len(t.Pinned) > 0:
		return s, PublicKey{}, qlp.Errorf(qlp.Unauthorized, "it is signed by key %s, which is not pinned", short(id)).
			WithRemedy("if you trust its owner, save the key with qlp capsule unpack and pin it: qlp keys pin key.pub")
	}
	return s, c.Key, nil
}

// holdAgainst compares the entries with the signed manifest.
func (c *Capsule) holdAgainst(m manifest) error {
	if m.Format != FormatVersion {
		return refuse("the signed manifest has format %d", m.Format)
	}
	signed := map[string]qlp.Entry{}
	for _, e := range m.Entries {
		signed[e.Path] = e
	}
	have := manifestOf(c.entries[:max(len(c.entries)-1, 0)]).Entries
	for _, e := range have {
		s, ok := signed[e.Path]
		if !ok {
			return refuse("entry %.80q was added: it is not in the signed manifest", e.Path)
		}
		if s != e {
			return refuse("entry %s was changed: its digest, size or mode is not the signed one", e.Path)
		}
		delete(signed, e.Path)
	}
	if len(signed) > 0 {
		return refuse("entry %s was removed: the signed manifest lists it", slices.Sorted(maps.Keys(signed))[0])
	}
	if !slices.Equal(have, m.Entries) {
		return refuse("the entries were reordered: the signed manifest lists them in another order")
	}
	if last := c.entries[len(c.entries)-1]; last.path != entrySignature {
		return refuse("the entries were reordered: the signature is not the last one")
	}
	return nil
}

// judge checks that the documents agree and that the verdict follows from the checks and these from their evidence.
func (c *Capsule) judge() error {
	tree, err := treeOf(c.Files)
	if err != nil {
		return refuse("the project's files are not a tree: %v", err)
	}
	h := c.Header
	for _, d := range []struct {
		what       string
		have, want qlp.Digest
	}{
		{"spec", qlp.DigestJSON(c.Spec), h.SpecDigest},
		{"plan", qlp.DigestJSON(c.Plan), h.PlanDigest},
		{"project", tree.Digest(), h.TreeDigest},
	} {
		if d.have != d.want {
			return refuse("the %s has digest %s, and the header says %s", d.what, d.have, d.want)
		}
	}
	if err := checkFrozen(tree, h.Frozen); err != nil && h.Verdict == qlp.Verified && c.Spec.Kind != qlp.KindRepository {
		return err
	}
	if err := c.checkEvidence(); err != nil {
		return err
	}
	if got := qlp.Decide(c.Checks); got != h.Verdict && h.Verdict != qlp.Canceled {
		// A run that a cap ended is failed or unverified with its reason, whatever the checks that it got to.
		if h.Verdict == qlp.Verified || h.Reason == "" {
			return refuse("the verdict is forged: the header says %s, and the checks say %s", h.Verdict, got)
		}
	}
	return nil
}

// checkFrozen holds the acceptance files against what was frozen before the code was written.
func checkFrozen(tree, frozen qlp.Tree) error {
	if len(frozen) == 0 {
		return refuse("no acceptance test was frozen")
	}
	have := map[string]qlp.Entry{}
	for _, e := range tree {
		have[e.Path] = e
	}
	for _, f := range frozen {
		if have[f.Path] != f {
			return refuse("the frozen acceptance file %s is not the one in the project", f.Path)
		}
	}
	return nil
}

// checkEvidence follows every check to its executions, and these to their logs. A passed check rests on executions that
// ended well; one that names an execution that failed is forged.
func (c *Capsule) checkEvidence() error {
	byID := map[string]qlp.Execution{}
	for _, x := range c.Executions {
		byID[x.ID] = x
		for _, d := range []qlp.Digest{x.Stdout, x.Stderr} {
			if _, ok := c.Logs[d]; d != "" && d != qlp.DigestOf(nil) && !ok {
				return refuse("execution %s names a log that is not in the capsule", x.ID)
			}
		}
	}
	seen := map[string]bool{}
	for _, k := range c.Checks {
		if seen[k.Key()] {
			return refuse("check %s is there twice", k.Key())
		}
		seen[k.Key()] = true
		for _, id := range k.Executions {
			x, ok := byID[id]
			if !ok {
				return refuse("check %s names execution %.40q, which is not in the capsule", k.Key(), id)
			}
			if k.Status() == qlp.Passed && (x.Verdict != "ok" || x.ExitCode != 0 || x.Counts != nil && x.Counts.Failed > 0) {
				return refuse("check %s is forged: it says passed, and its execution %s ended %s with exit code %d", k.Key(), id, x.Verdict, x.ExitCode)
			}
		}
		if k.Status() == qlp.Passed && k.Counts != nil && (k.Counts.Failed > 0 || k.Counts.Executed() == 0) {
			return refuse("check %s is forged: it says passed, with %d of %d failed", k.Key(), k.Counts.Failed, k.Counts.Executed())
		}
	}
	return nil
}

func (c *Capsule) checkPolicy(t Trust) error {
	if t.Policy == nil || c.Header.Verdict != qlp.Verified {
		return nil
	}
	required, err := t.Policy(c.Spec, c.Stack, slices.Clone(c.Checks))
	if err != nil {
		return err
	}
	passed := map[string]bool{}
	for _, k := range c.Checks {
		passed[k.Key()] = k.Required && k.Status() == qlp.Passed
	}
	for _, key := range required {
		if !passed[key] {
			return refuse("the verdict does not hold here: policy requires the check %s, which the capsule does not show as required and passed", key)
		}
	}
	return nil
}
