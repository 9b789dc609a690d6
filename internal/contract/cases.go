package contract

import (
	"github.com/quantumlayer/qlp/internal/qlp"
)

// AcceptanceSeed is the seed of the values in acceptance cases. The start probes use others, so that a service cannot
// have learnt them.
const AcceptanceSeed = 1

// Acceptance returns the cases that the finished service must pass: for every rule of the Spec at least one that is accepted
// and one that is refused, for every operation what it answers, and what is not routed. Their number is linear in the
// number of fields, links and references. Cases are grouped, and in each group sorted so that they can run one after
// another.
func Acceptance(spec *qlp.Spec) []qlp.Acceptance { return Cases(spec, AcceptanceSeed) }

// Cases is Acceptance with the values of another seed.
func Cases(spec *qlp.Spec, seed int64) []qlp.Acceptance {
	b := newBuilder(spec, seed)
	b.service()
	for _, e := range spec.Entities {
		b.creates(e)
		b.fields(e)
		b.requests(e)
		b.reads(e)
		b.updates(e)
		b.deletes(e)
		b.methods(e)
	}
	for _, pair := range spec.ManyToMany {
		left, _ := spec.Entity(pair[0])
		right, _ := spec.Entity(pair[1])
		b.links(left, right)
	}
	b.protection()
	b.enter(groupLists)
	for _, e := range ByNeed(spec) {
		b.lists(e)
	}
	return b.out
}

// about returns the head of a case.
func about(id, when, then string, good bool) qlp.Acceptance {
	return qlp.Acceptance{ID: id, When: when, Then: then, Good: good}
}

// ruled returns the head of a case on a rule of the Spec.
func ruled(e qlp.Entity, f qlp.Field, id, rule, when, then string, good bool) qlp.Acceptance {
	c := about(id, when, then, good)
	c.Rule = "entities." + e.Name + ".fields." + f.Name
	switch rule {
	case RuleMin, RuleMax, RuleExclusiveMin, RuleExclusiveMax, RuleLength, RuleMinLength, RuleMaxLength, RuleUnique, RuleType:
		c.Rule += "." + rule
	case RuleEnum:
		c.Rule += ".values"
	case RuleReference:
		c.Rule += ".to"
	case RuleReferenced:
		c.Rule += ".on_delete"
	case RuleReadOnly:
		c.Rule += ".auto"
	}
	return c
}

func fault(f qlp.Field, rule string) qlp.FieldError {
	return qlp.FieldError{Field: f.Key(), Rule: rule}
}
