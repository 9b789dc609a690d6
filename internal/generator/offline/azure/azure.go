// Package azure holds the Terraform of a service on Azure Container Apps, which is the same for every stack.
//
// It never knows what the service is written in: what differs is said in the View.
//
// Arrows: qlp.
package azure

import (
	"bytes"
	"embed"
	"fmt"
	"text/template"

	"github.com/quantumlayer/qlp/internal/qlp"
)

//go:embed terraform/*.tmpl
var sources embed.FS

// View is what a service's deployment depends on.
type View struct {
	JSONSlug string // the service's name as a quoted string
	Memory   bool   // rows are kept in memory only
	Auth     bool   // callers need a key
	Needs    string // what the service's storage asks of a file share: "SQLite needs the locks"
}

// Files returns the deployment, below deploy/azure.
func Files(v View) ([]qlp.File, error) {
	var files []qlp.File
	for _, name := range []string{"main.tf", "outputs.tf", "variables.tf"} {
		t, err := template.ParseFS(sources, "terraform/"+name+".tmpl")
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		var b bytes.Buffer
		if err := t.Option("missingkey=error").Execute(&b, v); err != nil {
			return nil, fmt.Errorf("render %s: %w", name, err)
		}
		files = append(files, qlp.File{Path: "deploy/azure/" + name, Content: b.Bytes()})
	}
	return files, nil
}
