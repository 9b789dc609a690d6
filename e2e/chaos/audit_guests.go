package chaos

import (
	"slices"
	"strings"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// AuditGuests holds what the callers were told and saw against what the database says. rough says whether the machine failed
// in ways that may end a run without an answer: a full disk, a database that is away.
func AuditGuests(facts Facts, guests []Guest, rough bool) []Violation {
	x := index(facts)
	byKey := map[string]Intent{}
	for _, in := range facts.Intents {
		byKey[in.Key] = in
	}
	ids, streams, ends := findings{rule: "idempotency"}, findings{rule: "WebSocket streams"}, findings{rule: "right end"}
	for _, g := range guests {
		in, there := byKey[g.Key]
		if !there {
			ids.add(g.Key, "no intent has this key")
			continue
		}
		for _, id := range g.Told {
			if id != in.ID {
				ids.add(g.Key, "a caller was told %s, and the intent of the key is %s", id, in.ID)
			}
		}
		sawTable(x.events[in.ID], g.Seen, in.ID, &streams)
		if !rightEnd(in, g, rough) {
			ends.add(in.ID, "%s: it is %s (%s), and should be %s", g.Dish, in.State, in.Reason, g.Want)
		}
		delete(byKey, g.Key)
	}
	for key, in := range byKey {
		ids.add(in.ID, "nobody has handed in the intent with the key %q", key)
	}
	return append(append(ids.list, streams.list...), ends.list...)
}

// sawTable: what came over WebSockets is the table, up to the end of the run, each event once.
func sawTable(table, seen []Event, id string, f *findings) {
	for i, e := range seen {
		if i >= len(table) {
			f.add(id, "event %d, of type %s, was sent, and is not there", e.Seq, e.Type)
			return
		}
		if t := table[i]; !same(t, e) {
			f.add(id, "event %d (%s) was sent where the table has %d (%s)", e.Seq, e.Type, t.Seq, t.Type)
			return
		}
	}
	for _, t := range table[len(seen):] {
		// What a model had been asked when its run was canceled is settled later.
		if t.Type != qlp.EventCallSettled {
			f.add(id, "event %d (%s) was not sent", t.Seq, t.Type)
			return
		}
	}
}

func same(a, b Event) bool {
	return a.IntentID == b.IntentID && a.Seq == b.Seq && a.Type == b.Type && a.At.Equal(b.At) && a.RunID == b.RunID && a.TaskID == b.TaskID &&
		a.Attempt == b.Attempt && a.Digest == b.Digest
}

// rightEnd: an intent ends as it would on a quiet day. One that is canceled may have been over before; and where the machine
// itself failed for longer than is tried again, a run may end without an answer, which says so.
func rightEnd(in Intent, g Guest, rough bool) bool {
	switch {
	case in.State == g.Want:
		return true
	case g.Want == qlp.StateCanceled && !g.Canceled:
		return in.State == qlp.StateVerified || rough && machineFailed(in)
	case g.Canceled: // it was told that it is canceled
		return false
	default:
		return rough && machineFailed(in)
	}
}

func machineFailed(in Intent) bool {
	return (in.State == qlp.StateUnverified || in.State == qlp.StateFailed) && strings.HasPrefix(in.Reason, "the machine failed")
}

// auditEnds: a process ends by itself only where it cannot start, because the disk is full or the database is away.
func auditEnds(alone []life, faults []Fault) []Violation {
	f := findings{rule: "processes that end by themselves"}
	for _, l := range alone {
		if !slices.ContainsFunc(faults, func(f Fault) bool {
			return (f.Kind == Fill || f.Kind == Cut) && l.to.After(f.At) && l.from.Before(f.Until)
		}) {
			f.add(l.to.Format(time.RFC3339Nano), "nobody had killed it, and nothing was in its way; its log says why")
		}
	}
	return f.list
}
