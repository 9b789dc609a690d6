package capsule

import "github.com/quantumlayer/qlp/internal/qlp"

// ledger is what the run used up. The offline generator spends no tokens and no money.
type ledger struct {
	SandboxMS  int64 `json:"sandbox_ms"`
	Repairs    int   `json:"repairs"`
	ModelCalls int   `json:"model_calls"`
	Tokens     int64 `json:"tokens,omitempty"`
	Micros     int64 `json:"micros,omitempty"`         // micro-dollars
	Unpriced   int   `json:"unpriced_calls,omitempty"` // calls whose price is unknown: they are not in Micros
}

// callLine is one model call: who was asked, digests of what was asked and answered, and what it took.
type callLine struct {
	Task     string        `json:"task,omitempty"`
	Attempt  int           `json:"attempt,omitempty"`
	Role     string        `json:"role"`
	Provider string        `json:"provider"`
	Model    string        `json:"model"`
	Repair   bool          `json:"repair,omitempty"`
	State    qlp.CallState `json:"state"`
	Request  qlp.Digest    `json:"request"`
	Answer   qlp.Digest    `json:"answer,omitempty"`
	Usage    qlp.Usage     `json:"usage"`
	Micros   int64         `json:"micros"`
	Priced   bool          `json:"priced"`
}

func callLines(calls []qlp.Call) []callLine {
	lines := make([]callLine, 0, len(calls))
	for _, c := range calls {
		lines = append(lines, callLine{
			Task: c.TaskID, Attempt: c.Attempt, Role: c.Role, Provider: c.Provider, Model: c.Model, Repair: c.Repair, State: c.State,
			Request: c.Request, Answer: c.Answer, Usage: c.Usage, Micros: c.Micros, Priced: c.Priced,
		})
	}
	return lines
}

func ledgerOf(in Input) ledger {
	l := ledger{SandboxMS: in.Run.SandboxMS, Repairs: in.Run.Repairs, ModelCalls: len(in.Calls)}
	for _, c := range in.Calls {
		l.Tokens += c.Usage.Total()
		l.Micros += c.Micros
		if !c.Priced {
			l.Unpriced++
		}
	}
	return l
}
