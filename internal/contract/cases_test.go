package contract

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/quantumlayer/qlp/internal/contract/contracttest"
	"github.com/quantumlayer/qlp/internal/contract/play"
	"github.com/quantumlayer/qlp/internal/qlp"
)

const testKey = "0123456789abcdef-test"

// serve starts the reference service with one fault.
func serve(t testing.TB, spec qlp.Spec, fault contracttest.Fault) *play.Player {
	t.Helper()
	doc, err := OpenAPI(&spec)
	if err != nil {
		t.Fatal(err)
	}
	o := contracttest.Options{Description: doc, Fault: fault}
	if spec.Auth != "" {
		o.Key = testKey
	}
	s, err := contracttest.New(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return &play.Player{Client: &http.Client{}, Base: server.URL, Key: o.Key}
}

// run plays all cases, each group on a service of its own, until report returns false.
func run(t testing.TB, spec qlp.Spec, cases []qlp.Acceptance, fault contracttest.Fault, report func(qlp.Acceptance, play.Exchange) bool) {
	t.Helper()
	players := map[string]*play.Player{}
	for _, c := range cases {
		p, ok := players[c.Group]
		if !ok {
			p = serve(t, spec, fault)
			players[c.Group] = p
		}
		exchanges, err := p.Play(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if last := exchanges[len(exchanges)-1]; last.Failed() && !report(c, last) {
			return
		}
	}
}

func TestReferencePasses(t *testing.T) {
	t.Parallel()
	for name, spec := range contracttest.Specs() {
		for _, seed := range []int64{AcceptanceSeed, 2, 17} {
			cases := append(Cases(&spec, seed), Properties(&spec, seed)...)
			if seed == AcceptanceSeed {
				steps, groups, ids := 0, map[string]bool{}, map[string]bool{}
				for _, c := range cases {
					if ids[c.ID] {
						t.Errorf("%s: two cases are called %s", name, c.ID)
					}
					ids[c.ID] = true
					steps += len(c.Steps)
					groups[c.Group] = true
				}
				t.Logf("%s: %d cases, %d steps, %d groups", name, len(cases), steps, len(groups))
			}
			run(t, spec, cases, "", func(c qlp.Acceptance, x play.Exchange) bool {
				t.Errorf("%s, seed %d: %s\n%s", name, seed, c.ID, x)
				return true
			})
		}
	}
}

// TestFaultsAreCaught plants one fault after another in the reference service: at least one case must notice each.
func TestFaultsAreCaught(t *testing.T) {
	t.Parallel()
	for _, fault := range contracttest.Faults() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			if fault == contracttest.FaultForgets {
				t.Skip("it takes a process that is killed: see the crash test of the acceptance package")
			}
			caught := ""
			for _, spec := range []qlp.Spec{contracttest.Everything(), contracttest.Narrow(), contracttest.Courses()} {
				run(t, spec, Acceptance(&spec), fault, func(c qlp.Acceptance, _ play.Exchange) bool {
					caught = c.ID
					return false
				})
			}
			if caught == "" {
				t.Error("no case notices it")
			}
			t.Log(caught)
		})
	}
}

// TestEveryRuleHasCases counts, for every rule that a field can have, a case that accepts and one that refuses.
func TestEveryRuleHasCases(t *testing.T) {
	t.Parallel()
	for name, spec := range contracttest.Specs() {
		seen := map[string]bool{}
		for _, c := range Acceptance(&spec) {
			seen[c.Rule+map[bool]string{true: "+", false: "-"}[c.Good]] = true
		}
		for _, e := range spec.Entities {
			for _, f := range e.Fields {
				at := "entities." + e.Name + ".fields." + f.Name
				for rule, there := range map[string]bool{
					".type": !f.Auto && f.Type != qlp.TypeRef, ".min": f.Min != nil, ".max": f.Max != nil, ".exclusive_min": f.ExclusiveMin != nil,
					".exclusive_max": f.ExclusiveMax != nil, ".length": f.Length > 0, ".min_length": f.MinLength > 0, ".max_length": f.MaxLength > 0,
					".values": f.Type == qlp.TypeEnum, ".unique": f.Unique, ".to": f.Type == qlp.TypeRef,
				} {
					if !there {
						continue
					}
					if !seen[at+rule+"-"] || !seen[at+rule+"+"] && (rule != ".type" || f.Type != qlp.TypeEnum) {
						t.Errorf("%s: %s%s: accepted %v, refused %v", name, at, rule, seen[at+rule+"+"], seen[at+rule+"-"])
					}
				}
				if f.Required() && !seen[at+"-"] {
					t.Errorf("%s: %s: no case leaves it out", name, at)
				}
			}
		}
	}
}
