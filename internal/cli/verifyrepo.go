package cli

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func (c *command) verifyRepo() *cobra.Command {
	var name, out string
	var noFetch bool
	cmd := &cobra.Command{
		Use:   "verify-repo DIR",
		Short: "Build and test software that exists already, and keep the evidence in a capsule",
		Long: "Build and test software that exists already, with the same checks, evidence and signed capsule as software that QLP builds.\n" +
			"What it is made of is found by its files; the packages that it names are fetched through a guarded door; then it is built and\n" +
			"tested in a sandbox without a network. Nothing in DIR is changed.\n\n" +
			"Exit codes: 0 verified, 1 failed, 2 usage, 4 unverified (something could not be asked), 5 canceled, 6 machine error.",
		Example: "  qlp verify-repo ~/src/mylib\n  qlp verify-repo --stack rust --out capsules ./crate",
		Args:    usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.doVerifyRepo(cmd, args[0], name, out, !noFetch)
		},
	}
	f := cmd.Flags()
	f.StringVar(&name, "stack", "", "what it is made of, where that cannot be seen: go, python, node, rust, java, cpp, shell, site, generic")
	f.StringVar(&out, "out", ".", "folder to put the capsule in")
	f.BoolVar(&noFetch, "no-fetch", false, "fetch no packages")
	f.BoolVar(&c.json, "json", false, "print one check a line, as JSON, and the outcome")
	return cmd
}

func (c *command) doVerifyRepo(cmd *cobra.Command, dir, name, out string, fetch bool) error {
	start := time.Now()
	if err := writable(out); err != nil {
		return err
	}
	cfg, err := c.load()
	if err != nil {
		return err
	}
	e, err := app.ReadRepository(dir, name, fetch)
	if err != nil {
		return err
	}
	c.printExisting(e)
	j, err := app.VerifyRepository(cmd.Context(), cfg, version(), e, func(k qlp.Check) {
		if c.json {
			c.printJSON(map[string]any{"type": "check.finished", "check": k})
		} else {
			c.printf("check %s: %s%s\n", k.Key(), k.Status(), because(plain(k.Reason, 300)))
		}
	})
	if err != nil {
		return err
	}
	path := filepath.Join(out, j.Name)
	if err := writeWhole(path, j.Capsule); err != nil {
		return err
	}
	code := map[qlp.Verdict]int{qlp.Verified: exitOK, qlp.VerdictFailed: exitFailed, qlp.Unverified: exitUnverified}[j.Verdict]
	if c.json {
		c.printJSON(map[string]any{
			"type": "repository.judged", "name": e.Tree.Name, "stack": e.Stack.Name, "because": e.Because, "files": len(e.Tree.Files), "skipped": e.Tree.Skipped,
			"verdict": j.Verdict, "reason": j.Reason, "checks": j.Report.Checks, "capsule": finalCapsule{path, qlp.DigestOf(j.Capsule).Hex()},
			"elapsed_ms": time.Since(start).Milliseconds(),
		})
		return exit(code)
	}
	c.printf("\n")
	c.evidence(j.Report.Checks)
	for _, f := range j.Report.Added {
		c.printf("%s was written, and is kept in the capsule\n", f.Path)
	}
	c.printf("\n%s in %s%s\n", newPaint(c.out).status(string(j.Verdict)), seconds(time.Since(start)), because(plain(j.Reason, 1000)))
	c.printf("  capsule: %s\n  check:   qlp capsule verify %s --rerun\n", path, path)
	return exit(code)
}

func (c *command) printExisting(e app.Existing) {
	if c.json {
		return
	}
	c.printf("%s: %d files, %s", plain(e.Tree.Name, 100), len(e.Tree.Files), e.Stack.Title)
	if e.Because != "" {
		c.printf(" (because of %s)", plain(e.Because, 100))
	}
	if len(e.Also) > 0 {
		c.printf(", not %s", strings.Join(e.Also, " or "))
	}
	c.printf("\n")
	for i, s := range e.Tree.Skipped {
		if i == 10 {
			c.printf("  and %d more are left out\n", len(e.Tree.Skipped)-i)
			break
		}
		c.printf("  left out: %s\n", plain(s, 200))
	}
}
