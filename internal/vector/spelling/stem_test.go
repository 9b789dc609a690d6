package spelling

import "testing"

// The examples are of Porter's paper.
func TestStems(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{
		"caresses": "caress", "ponies": "poni", "cats": "cat", "feed": "feed", "plastered": "plaster", "motoring": "motor", "sing": "sing",
		"conflated": "conflat", "troubling": "troubl", "sized": "size", "hopping": "hop", "falling": "fall", "failing": "fail", "filing": "file", "happy": "happi",
		"sky": "sky", "relational": "relat", "conditional": "condit", "rational": "ration", "vietnamization": "vietnam", "triplicate": "triplic", "hopeful": "hope",
		"revival": "reviv", "adoption": "adopt", "controlling": "control", "rate": "rate", "probate": "probat", "go": "go", "über": "über", "x1ing": "x1ing",
	} {
		if got := Stem(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}

func TestRoots(t *testing.T) {
	t.Parallel()
	for word, want := range map[string]string{"Libraries": "librari", "CAFÉS": "cafe", "Über": "uber", "日本": "日本", "x": "x"} {
		if got := Root(word); got != want {
			t.Errorf("%s: %s, want %s", word, got, want)
		}
	}
}
