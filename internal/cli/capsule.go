package cli

import (
	"errors"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/capsule"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// exitUnreadable is the exit code of capsule commands for a file that cannot be read as a capsule.
const exitUnreadable = exitNeedsInput

func (c *command) capsule() *cobra.Command {
	cmd := &cobra.Command{
		Use: "capsule", Short: "Verify, inspect and unpack capsules", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.verifyCapsule(), c.inspectCapsule(), c.unpackCapsule())
	return cmd
}

// verification is what verify prints with --json.
type verification struct {
	Type    string          `json:"type"`
	Good    bool            `json:"good"`
	Reason  string          `json:"reason,omitempty"`
	Verdict qlp.Verdict     `json:"verdict,omitempty"`
	SHA256  string          `json:"sha256,omitempty"`
	Signer  *capsule.Signer `json:"signer,omitempty"`
	Checks  []qlp.Check     `json:"checks,omitempty"`
	Rerun   *capsule.Rerun  `json:"rerun,omitempty"`
}

func (c *command) verifyCapsule() *cobra.Command {
	var key string
	var rerun bool
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check a capsule offline, from the file alone",
		Long: "Check a capsule offline, from the file alone: the archive, every digest, the signature, and that the verdict follows from the\n" +
			"evidence. With --rerun the recorded commands are run again in a clean sandbox and compared.\n\n" +
			"A good capsule is one that says the truth: its verdict may still be \"failed\".\n\nExit codes: 0 good, 1 not good, 2 usage, 3 unreadable, 6 this machine cannot tell (with --rerun: a tool is missing).",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error { return c.doVerify(cmd, args[0], key, rerun) },
	}
	cmd.Flags().StringVar(&key, "key", "", "public key file; the capsule must be signed with it")
	cmd.Flags().BoolVar(&rerun, "rerun", false, "run the recorded commands again in a sandbox and compare")
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

func (c *command) doVerify(cmd *cobra.Command, path, key string, rerun bool) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	trust, err := app.Trust(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	if key != "" {
		b, err := readFileOr(c.in, key)
		if err != nil {
			return err
		}
		k, err := capsule.ParsePublicKey(b)
		if err != nil {
			return err
		}
		trust.Key = &k
	}
	opened, err := openCapsule(path)
	if err != nil {
		return c.notGood(path, verification{}, err)
	}
	v := verification{Verdict: opened.Header.Verdict, SHA256: opened.Digest().Hex(), Checks: opened.Checks}
	signer, err := opened.Verify(trust)
	v.Signer = &signer
	if err != nil {
		return c.notGood(path, v, err)
	}
	if rerun {
		return c.rerun(cmd, path, opened, v)
	}
	return c.good(path, v)
}

func (c *command) rerun(cmd *cobra.Command, path string, opened *capsule.Capsule, v verification) error {
	cfg, err := c.load()
	if err != nil {
		return err
	}
	judge, err := app.Judge(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	result, err := opened.Rerun(cmd.Context(), judge, func(k qlp.Check) {
		if !c.json {
			c.printf("again: %s: %s\n", k.Key(), k.Status())
		}
	})
	if err = errors.Join(err, judge.Close()); err != nil {
		return err
	}
	v.Rerun = &result
	if !c.json {
		c.printComparisons(result)
	}
	if reasons := result.Untried(); len(reasons) > 0 {
		return c.notTried(path, v, reasons)
	}
	if !result.Same() {
		return c.notGood(path, v, qlp.Errorf(qlp.Invalid, "running it again gave something else than what is recorded"))
	}
	return c.good(path, v)
}

func (c *command) printComparisons(r capsule.Rerun) {
	paint := newPaint(c.out)
	rows := [][]string{{"CHECK OR EXECUTION", "RECORDED", "AGAIN", ""}}
	for _, x := range r.Comparisons {
		same, again := paint.green("same"), "same"
		switch {
		case x.Untried != "":
			same, again = paint.yellow("not tried"), plain(x.Again, 100)
		case !x.Same:
			same, again = paint.red("differs"), plain(x.Again, 100)
		}
		rows = append(rows, []string{x.Check, plain(x.Recorded, 80), again, same})
	}
	c.printf("\n")
	table(c.out, rows)
}

func (c *command) good(path string, v verification) error {
	v.Type, v.Good = "capsule.verified", true
	if c.json {
		c.printJSON(v)
		return nil
	}
	paint := newPaint(c.out)
	c.printf("%s: %s\n  verdict: %s\n  sha256:  %s\n  signer:  %s", path, paint.green("good"), paint.status(string(v.Verdict)), v.SHA256, v.Signer.KeyID)
	if v.Signer.Trusted {
		c.printf("\n")
	} else {
		c.printf(" %s\n", paint.yellow("(unknown: pass --key, or pin it with qlp keys pin)"))
	}
	if v.Rerun == nil {
		c.printf("  %d checks recorded; run them again with --rerun\n", len(v.Checks))
	} else {
		c.printf("  %d checks and executions came out the same again\n", len(v.Rerun.Comparisons))
	}
	return nil
}

// notTried says what this machine lacks. The capsule is neither good nor bad by that.
func (c *command) notTried(path string, v verification, reasons []string) error {
	v.Type, v.Reason = "capsule.undecided", "not everything could be run again on this machine"
	if c.json {
		c.printJSON(v)
		return exitError(exitMachine)
	}
	c.printf("%s: %s: %s\n", path, newPaint(c.out).yellow("undecided"), v.Reason)
	for _, reason := range reasons {
		c.printf("  %s\n", reason)
	}
	return exitError(exitMachine)
}

func (c *command) notGood(path string, v verification, err error) error {
	code := exitFailed
	if errors.Is(err, capsule.ErrUnreadable) {
		code = exitUnreadable
	}
	v.Type, v.Reason = "capsule.refused", err.Error()
	if c.json {
		c.printJSON(v)
		return exitError(code)
	}
	c.printf("%s: %s: %v\n", path, newPaint(c.out).red("not good"), err)
	if remedy := qlp.RemedyOf(err); remedy != "" {
		c.printf("  %s\n", remedy)
	}
	return exitError(code)
}

func openCapsule(path string) (*capsule.Capsule, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, unreadable(err)
	}
	if !info.Mode().IsRegular() || info.Size() > capsule.MaxFile {
		return nil, unreadable(qlp.Errorf(qlp.Invalid, "it is no regular file of at most %d bytes", capsule.MaxFile))
	}
	b, err := os.ReadFile(path) //nolint:gosec // the file that the person named
	if err != nil {
		return nil, unreadable(err)
	}
	return capsule.Read(b)
}

func unreadable(err error) error {
	return &qlp.Error{Code: qlp.Invalid, Message: err.Error(), Err: capsule.ErrUnreadable}
}

func (c *command) inspectCapsule() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show what a capsule says, without checking that it is true",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(_ *cobra.Command, args []string) error {
			opened, err := openCapsule(args[0])
			if err != nil {
				return c.notGood(args[0], verification{}, err)
			}
			if c.json {
				c.printJSON(map[string]any{
					"header": opened.Header, "spec": opened.Spec, "plan": opened.Plan, "checks": opened.Checks, "executions": opened.Executions,
					"files": filesOf(opened), "signer": opened.Key.ID(), "sha256": opened.Digest().Hex(), "size": opened.Size(),
				})
				return nil
			}
			h := opened.Header
			c.printf("%s (%s), %s\n%s\nsays %s%s, made %s by qlp %s\n\n", plain(h.Title, 80), h.Stack, opened.Digest(), plain(h.Words, 1000),
				newPaint(c.out).status(string(h.Verdict)), because(h.Reason), h.Created.Format("2006-01-02 15:04:05Z07:00"), plain(h.Version, 40))
			c.evidence(opened.Checks)
			c.printf("\n%d files:\n", len(opened.Files))
			for _, f := range opened.Files {
				c.printf("  %s (%d bytes)\n", plain(f.Path, 255), len(f.Content))
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

func filesOf(c *capsule.Capsule) []string {
	paths := make([]string, 0, len(c.Files))
	for _, f := range c.Files {
		paths = append(paths, f.Path)
	}
	return paths
}

func (c *command) unpackCapsule() *cobra.Command {
	var to string
	var all bool
	cmd := &cobra.Command{
		Use:   "unpack FILE",
		Short: "Write a capsule's project into a new folder, after checking the capsule",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := c.load()
			if err != nil {
				return err
			}
			trust, err := app.Trust(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			opened, err := openCapsule(args[0])
			if err == nil {
				_, err = opened.Verify(trust)
			}
			if err != nil {
				return c.notGood(args[0], verification{}, err)
			}
			if to == "" {
				to = strings.TrimSuffix(args[0], capsule.Extension)
				if to == args[0] {
					to += ".unpacked"
				}
			}
			if err := opened.Unpack(to, !all); err != nil {
				return err
			}
			c.printf("%d files are in %s\n", len(opened.Files), to)
			return nil
		},
	}
	cmd.Flags().StringVar(&to, "to", "", "new folder (default: the file's name without its extension)")
	cmd.Flags().BoolVar(&all, "evidence", false, "unpack the evidence too, not only the project")
	return cmd
}
