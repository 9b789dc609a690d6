package security

import (
	"fmt"
	"path"
	"regexp"
	"strings"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator/record"
)

// DockerName is the name of the check.
const DockerName = "dockerfile"

var (
	addURL     = regexp.MustCompile(`(?i)\bhttps?://`)
	pipedShell = regexp.MustCompile(`(?i)\b(?:curl|wget)\b[^|]*\|\s*(?:sudo\s+)?(?:ba|z|da)?sh\b`)
	secretName = regexp.MustCompile(`(?i)(?:password|passwd|secret|token|api_?key)\w*\s*[= ]\s*\S+`)
)

// Docker applies a few rules to every Dockerfile. It returns no check where there is none.
func Docker(files []qlp.File) []qlp.Check {
	var read []qlp.File
	var found []qlp.Finding
	bad := 0
	for _, f := range files {
		base := path.Base(f.Path)
		if base != "Dockerfile" && !strings.HasPrefix(base, "Dockerfile.") && path.Ext(base) != ".dockerfile" {
			continue
		}
		read = append(read, f)
		found = append(found, dockerfile(f)...)
	}
	if len(read) == 0 {
		return nil
	}
	for _, f := range found {
		if f.Severity == "error" {
			bad++
		}
	}
	ev := record.Reading(read)
	if bad > 0 {
		return []qlp.Check{qlp.Fail(qlp.LayerSecurity, DockerName, ev, fmt.Sprintf("%d findings", bad), found...)}
	}
	return []qlp.Check{qlp.Pass(qlp.LayerSecurity, DockerName, ev).WithFindings(found...)}
}

// image is what a Dockerfile's stages have said so far.
type image struct {
	file   string
	found  []qlp.Finding
	stages map[string]bool
	from   int    // line of the last FROM
	user   string // of the last stage
}

func dockerfile(f qlp.File) []qlp.Finding {
	d := image{file: f.Path, stages: map[string]bool{}}
	start, whole := 0, ""
	for i, line := range strings.Split(string(f.Content), "\n") {
		trimmed := strings.TrimSpace(line)
		if whole == "" {
			start = i + 1
		}
		if strings.HasPrefix(trimmed, "#") {
			continue
		}
		if rest, more := strings.CutSuffix(trimmed, "\\"); more {
			whole += rest + " "
			continue
		}
		d.instruction(start, whole+trimmed)
		whole = ""
	}
	d.instruction(start, whole)
	switch user, _, _ := strings.Cut(d.user, ":"); {
	case d.from == 0:
		d.add(1, "docker-from", "error", "there is no FROM")
	case user == "" || user == "root" || user == "0":
		d.add(d.from, "docker-root", "error", "the container runs as root: set USER in the last stage")
	}
	return d.found
}

func (d *image) add(line int, rule, severity, message string) {
	d.found = append(d.found, qlp.Finding{Path: d.file, Line: line, Rule: rule, Severity: severity, Message: message})
}

func (d *image) instruction(line int, text string) {
	word, rest, _ := strings.Cut(strings.TrimSpace(text), " ")
	rest = strings.TrimSpace(rest)
	switch strings.ToUpper(word) {
	case "FROM":
		d.stage(line, rest)
	case "USER":
		d.user = rest
	case "ADD":
		if addURL.MatchString(rest) {
			d.add(line, "docker-add-url", "error", "ADD fetches from the network without a check of what comes")
		}
	case "RUN":
		if pipedShell.MatchString(rest) {
			d.add(line, "docker-pipe-shell", "error", "a script from the network is run without a check of what comes")
		}
	case "ENV", "ARG":
		if secretName.MatchString(rest) {
			d.add(line, "docker-secret", "warning", "a value that looks like a secret stays in the image")
		}
	}
}

func (d *image) stage(line int, rest string) {
	d.from, d.user = line, ""
	fields := strings.Fields(rest)
	for len(fields) > 0 && strings.HasPrefix(fields[0], "--") {
		fields = fields[1:]
	}
	if len(fields) == 0 {
		return
	}
	name := fields[0]
	if len(fields) == 3 && strings.EqualFold(fields[1], "as") {
		defer func() { d.stages[strings.ToLower(fields[2])] = true }()
	}
	if d.stages[strings.ToLower(name)] || name == "scratch" || strings.Contains(name, "@sha256:") || strings.Contains(name, "$") {
		if strings.Contains(name, "nonroot") {
			d.user = "nonroot"
		}
		return
	}
	last := name[strings.LastIndex(name, "/")+1:]
	if !strings.Contains(last, ":") || strings.HasSuffix(last, ":latest") {
		d.add(line, "docker-latest", "warning", name+" can be another image tomorrow: name a version, or better a digest")
	}
	if strings.Contains(name, "nonroot") { // distroless images say so in their tag
		d.user = "nonroot"
	}
}
