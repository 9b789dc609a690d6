package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quantumlayer/qlp/internal/qlp"
)

func (c *command) similar() *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use:   `similar "WORDS"`,
		Short: "Find past intents that are like words, with what was built of them",
		Long: "Find past intents that are like words, the likest first, with what was built of them. SCORE is 1 for what comes first by its vector, by\n" +
			"its words and by its spelling; COSINE compares the vectors alone. Start from one with: qlp run --from ID",
		Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := qlp.CheckWords(args[0]); err != nil {
				return err
			}
			return c.with(cmd.Context(), func(s *session) error {
				found, err := s.Similar(cmd.Context(), args[0], limit)
				if err != nil {
					return err
				}
				if c.json {
					c.printJSON(found)
					return nil
				}
				c.printSimilar(found)
				return nil
			})
		},
	}
	cmd.Flags().IntVar(&limit, "limit", 10, "at most this many, up to 50")
	cmd.Flags().BoolVar(&c.json, "json", false, "print JSON")
	return cmd
}

func (c *command) printSimilar(found qlp.SimilarFound) {
	if found.Missing != "" {
		c.printf("left out: %s\n", plain(found.Missing, 300))
	}
	if len(found.Items) == 0 {
		c.printf("nothing similar was handed in before\n")
		return
	}
	rows := [][]string{{"SCORE", "COSINE", "STATE", "ID", "WORDS IN COMMON", "INTENT"}}
	for _, s := range found.Items {
		rows = append(rows, []string{
			fmt.Sprintf("%.2f", s.Score), cosine(s), newPaint(c.out).status(string(s.State)), s.IntentID,
			plain(strings.Join(s.Terms, " "), 30), plain(shown(s), 60),
		})
	}
	table(c.out, rows)
}

// shown is what an intent says, or, of one that was handed in as a Spec, what that is called.
func shown(s qlp.Similar) string {
	if strings.TrimSpace(s.Words) == "" {
		return "(a Spec) " + s.Title
	}
	return s.Words
}

func cosine(s qlp.Similar) string {
	switch {
	case s.SameWords:
		return "same"
	case s.Similarity == nil:
		return "-"
	}
	return fmt.Sprintf("%.2f", *s.Similarity)
}

// similarLine tells of the past intents that are near one which was just handed in.
func similarLine(found qlp.SimilarFound) string {
	if len(found.Items) == 0 {
		return "similar intents: not searched" + because(found.Missing)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "similar: %d handed in before; start from one with qlp run --from ID", len(found.Items))
	for _, s := range found.Items {
		fmt.Fprintf(&b, "\n  %s  %s  %s  %s", s.IntentID, cosine(s), s.State, plain(shown(s), 60))
	}
	return b.String()
}

// comparedLine tells how an intent differs from the one it starts from.
func comparedLine(o qlp.OriginCompared) string {
	text := fmt.Sprintf("revision %d, from %s", o.Revision, o.Origin)
	switch {
	case o.Reason != "":
		return text + because(o.Reason)
	case len(o.Differences) == 0:
		return text + ": the same Spec"
	}
	const most = 12
	for i, d := range o.Differences {
		if i == most {
			return text + fmt.Sprintf("\n  and %d more differences", len(o.Differences)-most+o.More)
		}
		switch {
		case d.Before == nil:
			text += fmt.Sprintf("\n  + %s %s", d.Path, plain(string(d.After), 80))
		case d.After == nil:
			text += fmt.Sprintf("\n  - %s %s", d.Path, plain(string(d.Before), 80))
		default:
			text += fmt.Sprintf("\n  ~ %s %s → %s", d.Path, plain(string(d.Before), 40), plain(string(d.After), 40))
		}
	}
	return text
}

func (c *command) embeddings() *cobra.Command {
	cmd := &cobra.Command{
		Use: "embeddings", Short: "Say which intents have vectors, and make them anew", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().BoolVar(&c.json, "json", false, "print JSON")
	cmd.AddCommand(&cobra.Command{
		Use: "status", Short: "Say how many intents have a vector, and of which embedder", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(s *session) error {
				status, err := s.Embeddings(cmd.Context())
				if err != nil {
					return err
				}
				c.printEmbeddings(status)
				return nil
			})
		},
	}, c.rebuildEmbeddings())
	return cmd
}

func (c *command) printEmbeddings(status qlp.EmbeddingStatus) {
	if c.json {
		c.printJSON(status)
		return
	}
	c.printf("embedder: %s\nintents:  %d, %d of them without a vector of it\n", status.Embedder, status.Intents, status.Missing)
	names := make([]string, 0, len(status.Vectors))
	for name := range status.Vectors {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		c.printf("vectors:  %d of %s\n", status.Vectors[name], name)
	}
}

func (c *command) rebuildEmbeddings() *cobra.Command {
	var detach bool
	cmd := &cobra.Command{
		Use:   "rebuild",
		Short: "Make the vectors that the present embedder has not made",
		Long: "Make the vectors of intents that have none of the present embedder (setting embedder). A worker does it in the background, and what is\n" +
			"done stays done; search by words works all the while. Without --detach the command waits until nothing is missing.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(s *session) error {
				status, err := s.RebuildEmbeddings(cmd.Context())
				for err == nil && !detach && status.Missing > 0 {
					before := status.Missing
					if status, err = c.missingFewer(cmd, s, before); err == nil && status.Missing == before {
						return qlp.Errorf(qlp.Unavailable, "%d intents have no vector of %s, and nothing has changed for a minute", before, status.Embedder).
							WithRemedy("see the server's log; where the embedder is a model, qlp providers test says whether it answers")
					}
				}
				if err != nil {
					return err
				}
				c.printEmbeddings(status)
				return nil
			})
		},
	}
	cmd.Flags().BoolVar(&detach, "detach", false, "do not wait")
	return cmd
}

// missingFewer waits until fewer vectors are missing, for a minute at most.
func (c *command) missingFewer(cmd *cobra.Command, s *session, before int) (status qlp.EmbeddingStatus, err error) {
	end := time.Now().Add(time.Minute)
	for {
		status, err = s.Embeddings(cmd.Context())
		if err != nil || status.Missing < before || time.Now().After(end) {
			return status, err
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-cmd.Context().Done():
			return status, cmd.Context().Err()
		}
	}
}

func (c *command) vector() *cobra.Command {
	cmd := &cobra.Command{
		Use: "vector", Short: "Check the index of vectors", Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var queries int
	verify := &cobra.Command{
		Use:   "verify",
		Short: "Measure what the index finds against looking at every vector",
		Long: "Take some of your own vectors, look for their neighbours with the index and by looking at every vector, and print which share of them the\n" +
			"index finds (recall) and how long both take. Exit code 1 if the recall is below 0.95.",
		Args: usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			return c.with(cmd.Context(), func(s *session) error {
				check, err := s.VerifyVectors(cmd.Context(), queries)
				if err != nil {
					return err
				}
				if c.json {
					c.printJSON(check)
				} else {
					c.printf("embedder: %s, %d vectors\nasked:    %d questions for %d neighbours each\nrecall:   %.4f\n", check.Embedder, check.Vectors, check.Queries, check.Hits, check.Recall)
					c.printf("index:    p50 %.2f ms, p95 %.2f ms; asked for the first time p50 %.2f ms, p95 %.2f ms\n",
						check.Index.P50MS, check.Index.P95MS, check.First.P50MS, check.First.P95MS)
					c.printf("exact:    p50 %.2f ms, p95 %.2f ms\n", check.Exact.P50MS, check.Exact.P95MS)
				}
				if check.Recall < 0.95 {
					return exitError(exitFailed)
				}
				return nil
			})
		},
	}
	verify.Flags().IntVar(&queries, "queries", 100, "how many of your vectors are looked for, up to 1000")
	verify.Flags().BoolVar(&c.json, "json", false, "print JSON")
	cmd.AddCommand(verify)
	return cmd
}
