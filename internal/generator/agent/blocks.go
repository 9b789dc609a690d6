package agent

import (
	"fmt"
	"strings"

	"github.com/quantumlayer/qlp/internal/llm/prompt"
)

// verb is what a block does with its file.
type verb string

const (
	verbWrite  verb = "write"  // the whole file
	verbEdit   verb = "edit"   // some places of a file that exists
	verbDelete verb = "delete" // the file goes
)

// block is one change of an answer.
type block struct {
	verb    verb
	path    string
	content string // of write
	edits   []edit // of edit
}

// edit replaces lines that stand in the file once. Both texts are whole lines, without the last line break.
type edit struct{ search, replace string }

// maxBlocks bounds an answer's changes.
const maxBlocks = 200

// blockReader reads an answer line by line, once. What is outside blocks is talk, and is left out. Only lines that begin with the
// tag are marks: since the tag follows from the prompt, nothing that was written before it can hold one.
type blockReader struct {
	mark   string
	blocks []block
	state  state
	lines  []string // of what is being read
}

type state int

const (
	outside state = iota
	inWrite
	afterEdit // an edit that has no search yet
	inSearch
	inReplace
)

// parseBlocks returns the changes of an answer. An answer that does not keep the protocol is an *Again.
func parseBlocks(text, tag string) ([]block, error) {
	p := &blockReader{mark: "@@" + tag}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		rest, marked := strings.CutPrefix(line, p.mark)
		if !marked || rest != "" && rest[0] != ' ' {
			if p.state == afterEdit && strings.TrimSpace(line) != "" {
				return nil, prompt.Againf("Line %d: the edit of %s has text before its first search mark.", n+1, p.path())
			}
			if p.state != outside {
				p.lines = append(p.lines, line)
			}
			continue
		}
		if err := p.marked(strings.TrimSpace(rest)); err != nil {
			return nil, prompt.Againf("Line %d: %s.", n+1, err)
		}
	}
	switch {
	case p.state != outside:
		return nil, prompt.Againf("The block of %s has no end mark (%s end).", p.path(), p.mark)
	case len(p.blocks) == 0:
		return nil, prompt.Againf("The answer holds no block. Give files between the marks %s write PATH and %s end, each on a line of its own.", p.mark, p.mark)
	}
	return p.blocks, nil
}

func (p *blockReader) path() string { return fmt.Sprintf("%.80q", p.blocks[len(p.blocks)-1].path) }

// marked reads one mark.
func (p *blockReader) marked(words string) error {
	what, path, _ := strings.Cut(words, " ")
	path = strings.TrimSpace(path)
	switch {
	case p.state == outside && (what == "write" || what == "edit" || what == "delete"):
		return p.open(verb(what), path)
	case path != "":
		return fmt.Errorf("the mark %.60q cannot stand here", words)
	case p.state == inWrite && what == "end":
		p.last().content = p.take()
		p.state = outside
	case (p.state == afterEdit || p.state == inReplace) && what == "search":
		p.closeEdit()
		p.state = inSearch
	case p.state == inSearch && what == "replace":
		p.last().edits = append(p.last().edits, edit{search: p.take()})
		p.state = inReplace
	case p.state == inReplace && what == "end":
		p.closeEdit()
		p.state = outside
	default:
		return fmt.Errorf("the mark %.60q cannot stand here", words)
	}
	return nil
}

func (p *blockReader) open(v verb, path string) error {
	if path == "" {
		return fmt.Errorf("the mark %s needs a path", v)
	}
	if len(p.blocks) == maxBlocks {
		return fmt.Errorf("an answer has at most %d blocks", maxBlocks)
	}
	p.blocks = append(p.blocks, block{verb: v, path: path})
	switch v {
	case verbWrite:
		p.state = inWrite
	case verbEdit:
		p.state = afterEdit
	case verbDelete:
	}
	return nil
}

func (p *blockReader) last() *block { return &p.blocks[len(p.blocks)-1] }

func (p *blockReader) closeEdit() {
	if p.state == inReplace {
		edits := p.last().edits
		edits[len(edits)-1].replace = p.take()
	}
	p.lines = nil
}

// take returns the lines read so far and forgets them.
func (p *blockReader) take() string {
	text := strings.Join(p.lines, "\n")
	p.lines = nil
	return text
}
