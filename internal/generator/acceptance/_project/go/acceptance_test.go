// Package acceptance holds the tests that were written from the specification, before the service: they start the real
// service as a process and speak HTTP with it. What they send and expect is in cases.json; docs of its form are in case_test.go.
package acceptance

import "testing"

// TestAcceptance plays every case. The cases of a group share a service, which starts with no row.
func TestAcceptance(t *testing.T) {
	for group, cases := range grouped(suite(t).Cases) {
		t.Run(group, func(t *testing.T) {
			t.Parallel()
			play(t, cases)
		})
	}
}

// TestProperties sends values that the rules refuse, drawn at random when the cases were written.
func TestProperties(t *testing.T) {
	t.Parallel()
	play(t, suite(t).Properties)
}

func play(t *testing.T, cases []Case) {
	s := start(t, t.TempDir())
	for _, c := range cases {
		t.Run(c.ID, func(t *testing.T) {
			vars := s.vars()
			for _, step := range c.Steps {
				if wrong := s.send(step, vars).judge(vars); wrong != "" {
					t.Fatalf("%s: %s\n%s", c.When, c.Then, wrong)
				}
			}
		})
	}
}
