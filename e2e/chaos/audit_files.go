package chaos

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// AuditBlobs holds that every blob which the database speaks of is in the folder, whole, and that nothing there is torn.
func AuditBlobs(facts Facts, folder string) ([]Violation, error) {
	f := findings{rule: "blobs"}
	have := map[string]bool{}
	root := filepath.Join(folder, "sha256")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path) //nolint:gosec // a folder of the harness
		if err != nil {
			return err
		}
		digest := qlp.DigestOf(b)
		if name := filepath.Base(filepath.Dir(path)) + filepath.Base(path); name != digest.Hex() {
			f.add(name, "its bytes have the digest %s", digest)
			return nil
		}
		have[string(digest)] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read blobs: %w", err)
	}
	need := func(digest, what string) {
		if digest != "" && !have[digest] {
			f.add(digest, "%s is not there", what)
		}
	}
	trees := map[string]bool{}
	for _, t := range facts.Trees {
		trees[t.Digest] = true
		for _, file := range t.Files {
			need(file, "a file of tree "+t.Digest)
		}
	}
	for _, r := range facts.Runs {
		need(r.Capsule, "the capsule of run "+r.ID)
		need(r.Evidence, "the evidence of run "+r.ID)
		if r.Tree != "" && !trees[r.Tree] {
			f.add(r.ID, "its tree %s is not there", r.Tree)
		}
	}
	return f.list, nil
}

// capsules verifies the capsule of every run by the command that anybody would use, and has the commands of some run again.
func capsules(ctx context.Context, cfg Config, facts Facts, blobs string, env []string) ([]Violation, int, error) {
	f := findings{rule: "capsules"}
	dir := filepath.Join(cfg.Work, "capsules")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, 0, err
	}
	verified := 0
	for _, r := range facts.Runs {
		if r.Capsule == "" {
			continue
		}
		hex := qlp.Digest(r.Capsule).Hex()
		b, err := os.ReadFile(filepath.Join(blobs, "sha256", hex[:2], hex[2:]))
		if err != nil {
			f.add(r.ID, "its capsule cannot be read: %v", err)
			continue
		}
		if int64(len(b)) != r.CapsuleSize {
			f.add(r.ID, "its capsule has %d bytes, and the run says %d", len(b), r.CapsuleSize)
		}
		path := filepath.Join(dir, r.ID+".qlcapsule")
		if err := os.WriteFile(path, b, 0o600); err != nil {
			return nil, verified, err
		}
		args := []string{"capsule", "verify"}
		if verified < cfg.Reruns {
			args = append(args, "--rerun")
		}
		cmd := exec.CommandContext(ctx, cfg.Binary, append(args, path)...)
		cmd.Env = append(os.Environ(), env...)
		if out, err := cmd.CombinedOutput(); err != nil {
			f.add(r.ID, "qlp %s: %v: %s", strings.Join(args, " "), err, lastLines(string(out), 3))
			continue
		}
		verified++
		if err := os.Remove(path); err != nil {
			return nil, verified, err
		}
	}
	return f.list, verified, nil
}

func lastLines(s string, n int) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], " / ")
}
