package python

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/template"

	"github.com/quantumlayer/qlp/internal/generator/offline/azure"
	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed all:project
var source embed.FS

// templates parses every *.tmpl of the project once; the others are copied.
var templates = template.Must(parse())

func parse() (*template.Template, error) {
	root := template.New("").Option("missingkey=error")
	return root, fs.WalkDir(source, "project", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".tmpl") {
			return err
		}
		content, err := source.ReadFile(name)
		if err != nil {
			return err
		}
		_, err = root.New(name).Parse(string(content))
		return err
	})
}

// render returns every file of the project: those that are copied, and those that its views fill in.
func render(p *project) ([]qlp.File, error) {
	var files []qlp.File
	err := fs.WalkDir(source, "project", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || strings.HasSuffix(name, ".pyc") || strings.HasSuffix(name, ".tmpl") {
			return nil
		}
		content, err := source.ReadFile(name)
		files = append(files, qlp.File{Path: strings.TrimPrefix(name, "project/"), Content: content})
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, r := range p.rendered() {
		content, err := execute(r.template, r.view)
		if err != nil {
			return nil, err
		}
		files = append(files, qlp.File{Path: r.path, Content: content})
	}
	if slices.Contains(p.spec.Extras, extraAzure) {
		deployment, err := azure.Files(azure.View{JSONSlug: p.JSONSlug, Memory: p.Memory, Auth: p.Auth, Needs: "SQLite needs the locks and the memory mapping"})
		if err != nil {
			return nil, err
		}
		files = append(files, deployment...)
	}
	return append(files, qlp.File{Path: "service/openapi.json", Content: p.openapi}), nil
}

func execute(name string, view any) ([]byte, error) {
	var b bytes.Buffer
	if err := templates.ExecuteTemplate(&b, "project/"+name+".tmpl", view); err != nil {
		return nil, fmt.Errorf("render %s: %w", name, err)
	}
	return b.Bytes(), nil
}
