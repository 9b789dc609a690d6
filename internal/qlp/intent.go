package qlp

import (
	"strings"
	"time"
	"unicode/utf8"
)

// MaxIntent is the longest intent that is read, in bytes. A page of text is about 3 KiB; what is longer than this is a
// pasted document.
const MaxIntent = 32 << 10

// Intent is what a person asked, in their words, with settings.
type Intent struct {
	ID       string   `json:"id"`
	Tenant   string   `json:"tenant,omitempty"` // who owns it; DefaultTenant where there is nobody to tell apart
	Words    string   `json:"words"`
	Settings Settings `json:"settings"`
	State    State    `json:"state"`
	Spec     *Spec    `json:"spec,omitempty"`   // once interpreted, or as given
	Plan     *Plan    `json:"plan,omitempty"`   // once planned
	Reason   string   `json:"reason,omitempty"` // why it is in its state, where that needs saying
	Needs    string   `json:"needs,omitempty"`  // of a refusal: model, not_software, english_or_model
	Revision int      `json:"revision"`         // from 1
	Parent   string   `json:"parent,omitempty"` // the intent this one revises
	Run      *Run     `json:"run,omitempty"`    // the latest run
	Pause    *Pause   `json:"pause,omitempty"`  // the latest pause; it lasts while the state is paused
	// Spending is what models have taken for the latest run, and before it for its Spec and plan; nil where none was asked.
	Spending *RunSpending `json:"spending,omitempty"`
	Created  time.Time    `json:"created_at"`
	Updated  time.Time    `json:"updated_at"`
}

// DefaultTenant owns the intents of a process that nobody has divided up.
const DefaultTenant = "default"

// Settings are what a person chose beside the words.
type Settings struct {
	Stack     string `json:"stack,omitempty"`      // "" leaves it to the words
	Generator string `json:"generator,omitempty"`  // "" is offline; "model" asks models
	Provider  string `json:"provider,omitempty"`   // of the model generator: a provider, provider/model, or replay:DIR; "" is the configured one
	Approve   string `json:"approve,omitempty"`    // "plan" stops for approval before the first task
	Caps      Caps   `json:"caps"`                 // zero fields mean the defaults
	GivenSpec bool   `json:"given_spec,omitempty"` // the Spec came from a file and is not to be interpreted
}

// ApprovePlan is the value of Settings.Approve that stops a run after planning.
const ApprovePlan = "plan"

// Caps bound what a run may take. A run that reaches one ends, with what it has, and says which.
type Caps struct {
	WallSeconds    int `json:"wall_seconds,omitempty"`    // from the first task to the verdict
	SandboxSeconds int `json:"sandbox_seconds,omitempty"` // wall seconds of commands in sandboxes, added up
	Repairs        int `json:"repairs,omitempty"`         // repair attempts of a run; negative: none
	// Models bounds what models may take. A run that reaches one of these pauses: it can be raised and resumed.
	Models ModelCaps `json:"models,omitzero"`
}

// DefaultCaps are generous for the offline generator, whose runs take seconds.
func DefaultCaps() Caps { return Caps{WallSeconds: 900, SandboxSeconds: 900, Repairs: 3} }

// WithDefaults fills in what is zero. A negative number of repairs stays, so that it may be said more than once.
func (c Caps) WithDefaults() Caps {
	d := DefaultCaps()
	if c.WallSeconds == 0 {
		c.WallSeconds = d.WallSeconds
	}
	if c.SandboxSeconds == 0 {
		c.SandboxSeconds = d.SandboxSeconds
	}
	if c.Repairs == 0 {
		c.Repairs = d.Repairs
	}
	return c
}

// CheckWords refuses words that cannot be an intent, and says what to do.
func CheckWords(words string) error {
	switch {
	case strings.TrimSpace(words) == "":
		return Errorf(Invalid, "the intent is empty").
			WithRemedy(`say what to build, for example: "a REST API in Go for a library: books with title, author and unique isbn"`)
	case len(words) > MaxIntent:
		return Errorf(Invalid, "the intent has %d bytes; at most %d are read", len(words), MaxIntent).
			WithRemedy("describe the things and their fields in fewer words, or hand over a Spec file with --spec")
	case !utf8.ValidString(words):
		return Errorf(Invalid, "the intent is not valid UTF-8 text").WithRemedy("save or paste it as UTF-8")
	case strings.ContainsFunc(words, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' && r != '\r' || r == 0x7f }):
		return Errorf(Invalid, "the intent holds control characters").WithRemedy("remove them; line breaks and tabs are fine")
	}
	return nil
}
