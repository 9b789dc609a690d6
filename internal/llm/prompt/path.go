package prompt

import (
	"regexp"
	"slices"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
)

var plainPath = regexp.MustCompile(`^[A-Za-z0-9._][A-Za-z0-9._+@-]*(/[A-Za-z0-9._][A-Za-z0-9._+@-]*)*$`)

// Path refuses a path that a model may not name. It is narrower than what a project may hold: letters and digits of ASCII
// only, because two letters that look alike make two files; nothing that a shell would read; no folder of a version control
// system, because what lies there runs on the machine of whoever opens the project; no name that Windows reads otherwise.
func Path(path string) error {
	if err := qlp.CleanPath(path); err != nil {
		return err
	}
	if !plainPath.MatchString(path) {
		return qlp.Errorf(qlp.Invalid, "%.80q is not a plain path: only letters, digits and . _ - + @ are allowed between slashes", path)
	}
	for part := range strings.SplitSeq(strings.ToLower(path), "/") {
		stem, _, _ := strings.Cut(part, ".")
		switch {
		case slices.Contains([]string{".git", ".hg", ".svn", ".gitmodules", ".gitattributes", ".qlp", ".ssh", ".aws", ".envrc", ".vscode", ".idea", ".husky"}, part):
			return qlp.Errorf(qlp.Invalid, "%.80q is not a path of a project's own files: %s is refused", path, part)
		case slices.Contains([]string{"con", "prn", "aux", "nul"}, stem), strings.HasSuffix(part, "."):
			return qlp.Errorf(qlp.Invalid, "%.80q is a name that not every system can keep", path)
		case part == "git~1" || strings.HasPrefix(part, ".git") && part != ".gitignore" && part != ".github" && part != ".gitkeep":
			return qlp.Errorf(qlp.Invalid, "%.80q is refused: git gives such names a meaning", path)
		}
	}
	return nil
}
