package prompt

import (
	"embed"
	"fmt"
	"strings"
	"text/template"
)

// Book holds a room's prompts: files named *.md, filled in as text/template does. A name that a prompt asks for and is not
// given is an error, never a blank.
type Book struct{ pages *template.Template }

// Load reads the prompts in the folder prompts of a room.
func Load(files embed.FS) (Book, error) {
	pages, err := template.New("prompts").Option("missingkey=error").ParseFS(files, "prompts/*.md")
	if err != nil {
		return Book{}, fmt.Errorf("read prompts: %w", err)
	}
	return Book{pages: pages}, nil
}

// Fill returns a prompt with its values.
func (b Book) Fill(name string, values any) (string, error) {
	var out strings.Builder
	if err := b.pages.ExecuteTemplate(&out, name, values); err != nil {
		return "", fmt.Errorf("fill in prompt %s: %w", name, err)
	}
	return out.String(), nil
}
