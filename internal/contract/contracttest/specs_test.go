package contracttest

import "testing"

func TestSpecsAreSound(t *testing.T) {
	t.Parallel()
	for name, spec := range Specs() {
		for _, p := range spec.Validate() {
			t.Errorf("%s: %s", name, p)
		}
	}
}
