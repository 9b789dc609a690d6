package config

import (
	"fmt"
	"strings"
)

// Table returns the documentation's table of settings, as Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("| key in the file | environment | flag | default | means |\n|---|---|---|---|---|\n")
	for _, k := range Keys() {
		fmt.Fprintf(&b, "| `%s` | `%s` | `--%s` | %s | %s |\n", k.Name, k.Env(), k.Flag(), shown(k), k.Doc)
	}
	return b.String()
}

// EnvExample returns the content of .env.example.
func EnvExample() string {
	var b strings.Builder
	b.WriteString("# Every setting with its default. Copy what you change.\n")
	for _, k := range Keys() {
		fmt.Fprintf(&b, "# %s\n#%s=%s\n", k.Doc, k.Env(), k.Default)
	}
	return b.String()
}

func shown(k Key) string {
	switch {
	case k.Name == "data":
		return "`~/.local/share/qlp`"
	case k.Default == "":
		return ""
	default:
		return "`" + k.Default + "`"
	}
}
