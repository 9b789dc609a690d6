package orchestrator

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/store"
)

// Request is what Submit takes: words, or a Spec that is not interpreted but checked.
type Request struct {
	Words    string
	Settings qlp.Settings
	Spec     *qlp.Spec
	// Key makes it safe to submit again: the same key and request give the same intent, the same key with another request
	// is a conflict.
	Key    string
	Tenant string // "" is qlp.DefaultTenant
	// From is the intent that this one starts from; "" for none. Without words and Spec of its own it has that one's.
	From string
	// Parent is the intent that this one does again, with its revision; "" for none. From sets both.
	Parent   string
	Revision int
}

// Submit takes an intent in. What cannot be one is refused here (invalid, with a remedy); what is not understood is found
// out later, and is a state of the intent.
func (e *Engine) Submit(ctx context.Context, req Request) (qlp.Intent, error) {
	if err := e.startFrom(ctx, &req); err != nil {
		return qlp.Intent{}, err
	}
	req.Settings.GivenSpec = req.Spec != nil
	if err := e.check(&req); err != nil {
		return qlp.Intent{}, err
	}
	digest := qlp.DigestJSON(struct {
		Words    string
		Settings qlp.Settings
		Spec     *qlp.Spec
		Parent   string `json:",omitempty"`
	}{req.Words, req.Settings, req.Spec, req.Parent})
	if req.Tenant = cmp.Or(req.Tenant, qlp.DefaultTenant); req.Key != "" && req.Tenant != qlp.DefaultTenant {
		req.Key = req.Tenant + "\x1f" + req.Key // two tenants may choose the same one
	}
	if in, found, err := e.existing(ctx, req.Key, digest); found || err != nil {
		return in, err
	}
	now := e.Clock()
	in := qlp.Intent{
		ID: e.NewID(), Tenant: req.Tenant, Words: req.Words, Settings: req.Settings, Spec: req.Spec, State: qlp.StateReceived,
		Parent: req.Parent, Revision: max(req.Revision, 1), Created: now, Updated: now,
	}
	var embedding qlp.Embedding
	var later bool
	if e.Similarity != nil {
		embedding, later = e.Similarity.Embedding(ctx, in)
	}
	err := e.Store.Tx(ctx, func(tx store.Tx) error {
		if err := tx.InsertIntent(ctx, in, req.Key, digest); err != nil {
			return err
		}
		if err := e.findable(ctx, tx, embedding, later); err != nil {
			return err
		}
		if req.Spec != nil {
			if err := tx.SetSpec(ctx, in.ID, *req.Spec); err != nil {
				return err
			}
		}
		if _, err := tx.Append(ctx, e.event(in, qlp.EventIntentReceived, nil)); err != nil {
			return err
		}
		return tx.Enqueue(ctx, store.Job{Kind: store.JobInterpret, IntentID: in.ID})
	})
	if qlp.CodeOf(err) == qlp.Conflict { // another caller used the key at the same time
		if in, found, again := e.existing(ctx, req.Key, digest); found || again != nil {
			return in, again
		}
	}
	if err != nil {
		return qlp.Intent{}, fmt.Errorf("submit intent: %w", err)
	}
	e.Log.Info("Intent received", "room", "orchestrator", "intent_id", in.ID)
	return in, nil
}

// check refuses what cannot be run whatever the words mean, and completes a given Spec.
func (e *Engine) check(req *Request) error {
	if err := e.checkGenerator(req.Settings); err != nil {
		return err
	}
	if err := req.Settings.Caps.Models.Check(); err != nil {
		return err
	}
	if a := req.Settings.Approve; a != "" && a != qlp.ApprovePlan {
		return qlp.Errorf(qlp.Invalid, "approval of %.40q is not known", a).WithRemedy(`use "plan", or leave it out`)
	}
	if req.Settings.Stack != "" {
		if err := e.knows(req.Settings.Stack); err != nil {
			return err
		}
	}
	if req.Spec == nil {
		return qlp.CheckWords(req.Words)
	}
	spec := *req.Spec
	switch {
	case req.Settings.Stack != "":
		spec.Stack = req.Settings.Stack
	case spec.Stack == "":
		spec.Stack = e.cfg.DefaultStack
		spec.Assumptions = append(spec.Assumptions, qlp.Assumption{Path: "stack", Text: "stack " + spec.Stack + ", because the Spec names none"})
	}
	req.Spec = &spec
	if _, err := e.stackFor(spec); err != nil {
		return err
	}
	if problems := spec.Validate(); len(problems) > 0 {
		return qlp.Errorf(qlp.Invalid, "the Spec does not hold: %s", problems[0]).WithRemedy("mend it; qlp spec schema prints what a Spec may hold")
	}
	return nil
}

// checkGenerator refuses settings whose parts are not all there. What is missing is never replaced by what is not asked for.
func (e *Engine) checkGenerator(s qlp.Settings) error {
	name := e.generatorName(s)
	if _, err := e.generator(s); err != nil {
		return err
	}
	if _, err := chosen(e.Planners, "planner for the generator", name); err != nil {
		return err
	}
	if !s.GivenSpec {
		if _, err := chosen(e.Interpreters, "interpreter for the generator", name); err != nil {
			return err
		}
	}
	switch {
	case name == Offline && s.Provider != "":
		return qlp.Errorf(qlp.Invalid, "the offline generator asks no provider, and %.60q was named", s.Provider).
			WithRemedy("use --generator model, or leave the provider out")
	case name == Offline:
		return nil
	case e.Providers == nil:
		return qlp.Errorf(qlp.Invalid, "no provider of models is configured").WithRemedy("configure one, or leave out --generator for the offline generator")
	default:
		return e.Providers(s)
	}
}

// existing returns the intent that was created with key, if there is one.
func (e *Engine) existing(ctx context.Context, key string, digest qlp.Digest) (in qlp.Intent, found bool, err error) {
	if key == "" {
		return qlp.Intent{}, false, nil
	}
	err = e.Store.Read(ctx, func(r store.Reader) error {
		id, was, err := r.IntentByKey(ctx, key)
		if qlp.CodeOf(err) == qlp.NotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if was != digest {
			return qlp.Errorf(qlp.Conflict, "the key %.80q was used for another intent", key[strings.LastIndexByte(key, 0x1f)+1:]).WithRemedy("use a new key for a new intent")
		}
		found = true
		in, err = r.Intent(ctx, id)
		return err
	})
	return in, found, err
}
