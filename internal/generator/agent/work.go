package agent

import (
	"bytes"
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/quantumlayer/qlp/internal/llm/prompt"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// What a task may come to. A project of more than this is several.
const (
	maxFiles = 80
	maxFile  = 256 << 10 // bytes of one
	maxAll   = 1 << 20   // bytes of all
	// wholeBelow is the number of lines under which an existing file is given whole: published comparisons of edit formats
	// find whole files best for short ones and blocks for long ones.
	wholeBelow = 150
)

// work is a task's files while a model changes them, over several answers.
type work struct {
	desk   prompt.Desk
	plan   qlp.Plan
	task   qlp.Task
	tag    string
	before map[string]qlp.File
	files  map[string]qlp.File
	missed map[string]int // edits that did not apply, by path
	strays int            // answers that wrote what the task does not own
	repair bool
}

func newWork(desk prompt.Desk, plan qlp.Plan, task qlp.Task, own []qlp.File, repair bool) *work {
	w := &work{
		desk: desk, plan: plan, task: task, repair: repair, before: map[string]qlp.File{}, files: map[string]qlp.File{}, missed: map[string]int{},
	}
	for _, f := range own {
		w.before[f.Path], w.files[f.Path] = f, f
	}
	return w
}

// take puts an answer's blocks into the files. What cannot be taken is told back as an *Again, and what could be taken stays
// taken; a second answer that writes a path which is not the task's is an invalid error.
func (w *work) take(text string) error {
	blocks, err := parseBlocks(text, w.tag)
	if err != nil {
		return err
	}
	if err := w.ours(blocks); err != nil {
		return err
	}
	var problems []string
	for _, b := range blocks {
		if problem := w.block(b); problem != "" {
			problems = append(problems, problem)
		}
	}
	if problem := w.size(); problem != "" {
		problems = append(problems, problem)
	}
	if len(problems) == 0 && w.repair && w.same() {
		problems = append(problems, "Nothing has changed, and the files failed as they are.")
	}
	if len(problems) == 0 {
		return nil
	}
	kept := "What is not named here was taken over. Answer with blocks for what is named, in the same form."
	return &prompt.Again{Text: strings.Join(append(problems, kept), "\n")}
}

// ours refuses an answer that writes a path which is not the task's, whole: the first time it is told back.
func (w *work) ours(blocks []block) error {
	for _, b := range blocks {
		why := w.stray(b.path)
		if why == "" {
			continue
		}
		w.strays++
		if w.strays > 1 {
			return qlp.Errorf(qlp.Invalid, "the model writes what is not its task's, although it was told: %s", why)
		}
		return prompt.Againf("The whole answer was refused: %s. Your task owns %s and nothing else. Answer again within these paths.",
			why, strings.Join(w.task.Owns, " "))
	}
	return nil
}

// stray says why the task may not write path, or "".
func (w *work) stray(path string) string {
	if err := prompt.Path(path); err != nil {
		return err.Error()
	}
	if w.task.Owner(path) {
		return ""
	}
	owner, found := w.plan.OwnerOf(path)
	switch {
	case found && owner.Frozen:
		return fmt.Sprintf("%s is a frozen acceptance test", path)
	case found:
		return fmt.Sprintf("%s belongs to task %s", path, owner.ID)
	default:
		return fmt.Sprintf("%s belongs to no task", path)
	}
}

// block takes one block and says what is wrong with it, or "".
func (w *work) block(b block) string {
	switch b.verb {
	case verbDelete:
		if _, there := w.files[b.path]; !there {
			return b.path + " is to be deleted and is not there."
		}
		delete(w.files, b.path)
		return ""
	case verbEdit:
		return w.edit(b)
	default:
		return w.write(b)
	}
}

func (w *work) write(b block) string {
	old, there := w.files[b.path]
	if first, rest, _ := strings.Cut(b.content, "\n"); strings.HasPrefix(first, "```") && strings.HasSuffix(strings.TrimSpace(rest), "```") {
		return b.path + " is wrapped in a code fence: give the file's own text alone."
	}
	if there && len(b.content) < len(old.Content) && elided.MatchString(b.content) && !elided.Match(old.Content) {
		return b.path + " leaves parts out with a remark in their place: give the whole file."
	}
	return w.put(b.path, b.content)
}

// elided matches a remark that stands for code which a model has left out.
var elided = regexp.MustCompile(`(?im)^[ \t]*(?://|#|--|/\*|<!--)[ \t]*(?:\.\.\.|…|(?:the )?(?:rest|remainder|remaining)\b.*\b(?:unchanged|same|as before|here)|existing code)`)

func (w *work) edit(b block) string {
	f, there := w.files[b.path]
	if !there {
		return b.path + " is to be edited and is not there: write it whole."
	}
	if w.missed[b.path] > 1 {
		return fmt.Sprintf("%s: give the whole file with %s write.", b.path, "@@"+w.tag)
	}
	content := string(f.Content)
	for n, e := range b.edits {
		changed, why, near := apply(content, e)
		if why == "" {
			content = changed
			continue
		}
		w.missed[b.path]++
		if w.missed[b.path] > 1 {
			return fmt.Sprintf("%s: edit %d does not apply again (%s). Give the whole file with %s write.\n%s", b.path, n+1, why, "@@"+w.tag,
				w.desk.Data("file "+b.path+" as it is", string(f.Content)))
		}
		told := fmt.Sprintf("%s: edit %d does not apply: %s. No edit of this file was taken.", b.path, n+1, why)
		if near != "" {
			told += "\n" + w.desk.Data("the nearest text in "+b.path, near)
		}
		return told
	}
	return w.put(b.path, content)
}

// put keeps a file if it is text of a bearable size.
func (w *work) put(path, content string) string {
	content = strings.TrimPrefix(content, "\uFEFF")
	content = strings.ReplaceAll(content, "\r\n", "\n")
	if content != "" && !strings.HasSuffix(content, "\n") {
		content += "\n"
	}
	switch {
	case len(content) > maxFile:
		return fmt.Sprintf("%s has %d bytes; at most %d are taken.", path, len(content), maxFile)
	case !utf8.ValidString(content):
		return path + " is not UTF-8 text."
	}
	if at := strings.IndexFunc(content, unfit); at >= 0 {
		r, _ := utf8.DecodeRuneInString(content[at:])
		return fmt.Sprintf("%s holds the character U+%04X in line %d, which is not seen or changes how others are: write it as an escape of the language.",
			path, r, strings.Count(content[:at], "\n")+1)
	}
	w.files[path] = qlp.File{Path: path, Content: []byte(content), Executable: w.before[path].Executable || strings.HasPrefix(content, "#!")}
	return ""
}

// unfit reports characters that no source file needs and that hide what it does: controls, directions of writing, characters
// without width, tags. Joiners and variants of emoji may stay.
func unfit(r rune) bool {
	switch {
	case r == '\n' || r == '\t' || r == '\u200D':
		return false
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\u200B', r == '\u200C', r == '\u2060', r == '\uFEFF', r == '\u00AD':
		return true
	default:
		return r >= 0xE0000 && r <= 0xE007F || r >= 0xE0100 && r <= 0xE01EF
	}
}

func (w *work) size() string {
	all := 0
	for _, f := range w.files {
		all += len(f.Content)
	}
	switch {
	case len(w.files) == 0:
		return "The task has no file."
	case len(w.files) > maxFiles:
		return fmt.Sprintf("The task has %d files; at most %d are taken.", len(w.files), maxFiles)
	case all > maxAll:
		return fmt.Sprintf("The task's files have %d bytes; at most %d are taken.", all, maxAll)
	default:
		return ""
	}
}

func (w *work) same() bool {
	if len(w.files) != len(w.before) {
		return false
	}
	for path, f := range w.files {
		if old, there := w.before[path]; !there || !bytes.Equal(old.Content, f.Content) {
			return false
		}
	}
	return true
}

// result returns every file of the task, sorted by path.
func (w *work) result() []qlp.File {
	out := make([]qlp.File, 0, len(w.files))
	for _, f := range w.files {
		out = append(out, f)
	}
	slices.SortFunc(out, func(a, b qlp.File) int { return cmp.Compare(a.Path, b.Path) })
	return out
}
