package cli

import (
	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/app"
	"github.com/quantumlayer/qlp/internal/interpreter"
	"github.com/quantumlayer/qlp/internal/interpreter/specfile"
	"github.com/quantumlayer/qlp/internal/planner"
	"github.com/quantumlayer/qlp/internal/qlp"
)

func (c *command) interpret() *cobra.Command {
	var stack string
	cmd := &cobra.Command{
		Use:   `interpret "INTENT"`,
		Short: "Show what is understood, without building it",
		Long:  "Show what is understood, without building it.\n\nExit codes: 0 a Spec, 3 a question or a refusal, 2 usage.",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := c.read(cmd, args[0], stack)
			if err != nil {
				return err
			}
			if c.json {
				c.printJSON(result)
			} else {
				c.printInterpretation(result, args[0])
			}
			if result.Outcome != interpreter.Understood {
				return exitError(exitNeedsInput)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&stack, "stack", "", "stack to build on, whatever the words say")
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

func (c *command) read(cmd *cobra.Command, words, stack string) (interpreter.Result, error) {
	cfg, err := c.load()
	if err != nil {
		return interpreter.Result{}, err
	}
	return app.Interpreter(cfg).Interpret(cmd.Context(), words, interpreter.Options{Stack: stack, DefaultStack: cfg.DefaultStack})
}

func (c *command) printInterpretation(r interpreter.Result, words string) {
	if r.Outcome != interpreter.Understood {
		c.printNeeds(qlp.NeedsInput{Outcome: string(r.Outcome), Questions: r.Questions, Reason: r.Reason, Needs: r.Needs}, words)
		return
	}
	shown := *r.Spec
	shown.Sources, shown.Acceptance, shown.Assumptions = nil, nil, nil
	if text, err := specfile.Write(&shown); err == nil {
		c.printf("%s", text)
	}
	for _, a := range r.Spec.Assumptions {
		c.printf("# assumed: %s\n", a.Text)
	}
}

// printNeeds shows open questions with their options, or why the intent was refused.
func (c *command) printNeeds(n qlp.NeedsInput, words string) {
	if n.Reason != "" {
		c.printf("%s\n", n.Reason)
	}
	for i, q := range n.Questions {
		c.printf("%d. %s\n", i+1, q.Text)
		if q.End > q.Start && q.End <= len(words) {
			c.printf("   in the words: %q\n", plain(words[q.Start:q.End], 120))
		}
		for _, o := range q.Options {
			c.printf("   - %s\n", o)
		}
	}
	if len(n.Questions) > 0 {
		c.printf("Answer by adding the words to the intent and run it again.\n")
	}
}

func (c *command) plan() *cobra.Command {
	var stack string
	var mermaid bool
	cmd := &cobra.Command{
		Use:   `plan "INTENT"`,
		Short: "Show the tasks that would build an intent",
		Args:  usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			result, err := c.read(cmd, args[0], stack)
			if err != nil {
				return err
			}
			if result.Outcome != interpreter.Understood {
				c.printInterpretation(result, args[0])
				return exitError(exitNeedsInput)
			}
			plan, err := app.Plan(*result.Spec)
			if err != nil {
				return err
			}
			switch {
			case c.json:
				c.printJSON(plan)
			case mermaid:
				c.printf("%s", planner.Mermaid(plan))
			default:
				c.printf("%s", planner.Tree(plan, nil))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&stack, "stack", "", "stack to build on, whatever the words say")
	cmd.Flags().BoolVar(&mermaid, "mermaid", false, "print a Mermaid diagram")
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

func (c *command) spec() *cobra.Command {
	cmd := &cobra.Command{Use: "spec", Short: "Work with Spec files", Args: usage(cobra.NoArgs), RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
	cmd.AddCommand(&cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of a Spec file",
		Args:  usage(cobra.NoArgs),
		RunE: func(*cobra.Command, []string) error {
			b, err := app.SpecSchema()
			c.printf("%s", b)
			return err
		},
	})
	return cmd
}
