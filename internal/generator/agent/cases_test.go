package agent

import (
	"fmt"
	"strings"
	"testing"

	"github.com/quantumlayer/qlp/internal/llm/scripttest"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// TestCasesThatFailed: of a stream of test events, those are shown as failed that failed; how long each test took changes nothing
// in what is asked.
func TestCasesThatFailed(t *testing.T) {
	t.Parallel()
	asked := func(elapsed string) string {
		req := failing()
		stream, cases := "", []string{}
		for i := range 200 {
			id := fmt.Sprintf("case-%03d.x", i)
			cases = append(cases, fmt.Sprintf(`{"id":%q,"then":"it holds"}`, id))
			if id == "case-007.x" {
				stream += fmt.Sprintf("{\"Action\":\"output\",\"Test\":%q,\"Output\":\"case %s: got 1, want 2\\n\"}\n", id, id)
			}
			stream += fmt.Sprintf("{\"Action\":\"pass\",\"Test\":%q,\"Elapsed\":%s}\n", id, elapsed)
		}
		req.Files = append(req.Files, qlp.File{Path: casesFile, Content: []byte(`{"cases":[` + strings.Join(cases, ",") + `]}`)})
		for id := range req.Evidence {
			req.Evidence[id] = stream
		}
		client := scripttest.Acting(play(whole))
		if _, err := setup(t, client).Generate(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		return client.Asked()[0].Messages[0].Text
	}
	first := asked("0.02")
	if n := strings.Count(first, "acceptance case, which failed"); n != 1 {
		t.Errorf("%d cases are shown as failed, and one did", n)
	}
	if first != asked("0.0213") {
		t.Error("another time that tests took asks another question")
	}
}
