package record

import "github.com/quantumlayer/qlp/internal/qlp"

// Reading returns the evidence of an in-process check over files: the digest of their paths and contents, which is the
// digest of the tree when the files are sorted by path.
func Reading(files []qlp.File) qlp.Evidence {
	tree := make(qlp.Tree, 0, len(files))
	for _, f := range files {
		tree = append(tree, qlp.Entry{Path: f.Path, Digest: qlp.DigestOf(f.Content), Size: int64(len(f.Content)), Executable: f.Executable})
	}
	return qlp.FromReading(tree.Digest())
}
