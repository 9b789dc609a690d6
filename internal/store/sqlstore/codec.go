package sqlstore

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store/sqlstore/query"
)

// encode writes a value as the JSON text that a column keeps.
func encode(v any) (string, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return "", qlp.Errorf(qlp.Invalid, "%T cannot be written as JSON: %w", v, err)
	}
	return string(b), nil
}

// encodeList writes "" for an empty list, so that nothing stays nothing.
func encodeList[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "", nil
	}
	return encode(list)
}

// decode reads a column's JSON text; "" leaves the value as it is.
func decode(column, text string, into any) error {
	if text == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), into); err != nil {
		return qlp.Errorf(qlp.Internal, "the stored %s cannot be read: %w", column, err)
	}
	return nil
}

func optional(text string) sql.NullString { return sql.NullString{String: text, Valid: text != ""} }

func optionalTime(t *time.Time) sql.NullTime {
	if t == nil {
		return sql.NullTime{}
	}
	return sql.NullTime{Time: micro(*t), Valid: true}
}

func timeOf(t sql.NullTime) *time.Time {
	if !t.Valid {
		return nil
	}
	u := t.Time.UTC()
	return &u
}

func intentOf(row query.GetIntentRow) (in qlp.Intent, err error) {
	in = qlp.Intent{
		ID: row.ID, Tenant: row.Tenant, Words: row.Words, State: qlp.State(row.State), Reason: row.Reason, Needs: row.Needs,
		Revision: int(row.Revision), Parent: row.Parent.String, Created: row.CreatedAt.UTC(), Updated: row.UpdatedAt.UTC(),
	}
	if err = decode("settings", row.Settings, &in.Settings); err != nil {
		return in, err
	}
	if row.Spec.Valid {
		in.Spec = new(qlp.Spec)
		if err = decode("spec", row.Spec.String, in.Spec); err != nil {
			return in, err
		}
	}
	if row.Plan.Valid {
		in.Plan = new(qlp.Plan)
		if err = decode("plan", row.Plan.String, in.Plan); err != nil {
			return in, err
		}
	}
	if row.Pause.Valid {
		in.Pause = new(qlp.Pause)
		err = decode("pause", row.Pause.String, in.Pause)
	}
	return in, err
}

func runOf(row query.Run) qlp.Run {
	run := qlp.Run{
		ID: row.ID, IntentID: row.IntentID, Number: int(row.Number), FromTask: row.FromTask, Verdict: qlp.Verdict(row.Verdict),
		Reason: row.Reason, Repairs: int(row.Repairs), SandboxMS: row.SandboxMs, PausedMS: row.PausedMs, Frozen: qlp.Digest(row.Frozen),
		Tree: qlp.Digest(row.Tree), Evidence: qlp.Digest(row.Evidence), StartedAt: row.StartedAt.UTC(), EndedAt: timeOf(row.EndedAt),
	}
	if row.CapsuleDigest != "" {
		run.Capsule = &qlp.CapsuleRef{Digest: qlp.Digest(row.CapsuleDigest), Size: row.CapsuleSize, Name: row.CapsuleName}
	}
	return run
}

func attemptOf(row query.ListAttemptsRow) (qlp.Attempt, error) {
	a := qlp.Attempt{
		RunID: row.RunID, TaskID: row.TaskID, Number: int(row.Number), Generator: row.Generator,
		State: qlp.AttemptState(row.State), Reason: row.Reason, StartedAt: row.StartedAt.UTC(), EndedAt: timeOf(row.EndedAt),
	}
	if err := decode("failure", row.Failure, &a.Failure); err != nil {
		return a, err
	}
	if err := decode("checks", row.Checks, &a.Checks); err != nil {
		return a, err
	}
	return a, decode("tree", row.Entries.String, &a.Tree)
}

func eventOf(row query.Event) qlp.Event {
	ev := qlp.Event{
		IntentID: row.IntentID, Seq: row.Seq, Type: qlp.EventType(row.Type), Time: row.At.UTC(),
		RunID: row.RunID, TaskID: row.TaskID, Attempt: int(row.Attempt),
	}
	if row.Data != "" {
		ev.Data = json.RawMessage(row.Data)
	}
	return ev
}

// decodeAll reads a list of JSON bodies.
func decodeAll[T any](what string, bodies []string) ([]T, error) {
	if len(bodies) == 0 {
		return nil, nil
	}
	out := make([]T, len(bodies))
	for i, b := range bodies {
		if err := decode(fmt.Sprintf("%s %d", what, i), b, &out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}
