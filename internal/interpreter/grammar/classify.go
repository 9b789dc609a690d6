package grammar

import (
	"strings"
	"unicode"
)

// sort of thing that the words ask for.
type request uint8

const (
	nothing  request = iota // no software
	service                 // what this grammar builds
	unclear                 // an app, a system: software of a kind that the words leave open
	cli                     // a command-line tool
	pipeline                // a script over files
	site                    // a website
	software                // any other software
)

// classify finds the kind by the first words that name one. A website or a file that is only spoken of within a
// description ("suppliers: name, website") does not count against a service that is named elsewhere.
func classify(t []token) request {
	first := firstKind(t)
	if first != site && first != pipeline {
		return first
	}
	described := false
	for i, k := range t {
		switch {
		case k.kind == mark && k.low == ":" || k.kind == word && haveVerbs[k.low]:
			described = true
		case k.kind == word && (k.low == "website" || isDataFile(t, i)):
			if !described {
				return first
			}
		case k.kind == word && (k.low == "api" || k.low == "backend" || k.low == "microservice" || k.low == "restful"):
			return service
		case k.kind == mark && k.low == "." && i+1 < len(t):
			described = false
		}
	}
	return first
}

func firstKind(t []token) request {
	weak := false
	for i, k := range t {
		if k.kind != word {
			continue
		}
		next, after := low(t, i+1), low(t, i+2)
		previous := low(t, i-1)
		switch {
		case k.low == "command" && next == "line", k.low == "cli", (k.low == "terminal" || k.low == "console") && (unclearWords[next] || next == "client"):
			return cli
		case k.low == "script" || k.low == "scripts", k.low == "etl", isDataFile(t, i), k.low == "ndjson", k.low == "convert" && !weak, k.low == "data" && next == "pipeline":
			return pipeline
		case k.low == "website", k.low == "web" && (next == "site" || next == "page"), k.low == "landing" && next == "page", k.low == "static" && (next == "site" || next == "page" || next == "website"),
			k.low == "homepage" && (previous == "a" || previous == "my"):
			return site
		case k.low == "api" || k.low == "apis" || k.low == "backend" || k.low == "microservice" || k.low == "microservices" || k.low == "restful" || k.low == "webservice" || k.low == "crud",
			k.low == "back" && next == "end", k.low == "micro" && next == "service", k.low == "rest" && previous != "the" && after != "of",
			k.low == "service" && !weak || k.low == "service" && !determiners[previous], k.low == "server" && next != "'s", k.low == "endpoints":
			return service
		case unclearWords[k.low]:
			weak = true
		}
	}
	switch {
	case weak && mentions(t, "game", "games", "engine", "bot", "chatbot", "compiler", "plugin", "extension", "emulator", "simulator", "blockchain", "neural", "browser", "kernel", "firmware", "mobile"):
		return software
	case weak:
		return unclear
	}
	return nothing
}

func low(t []token, i int) string {
	if i < 0 || i >= len(t) || t[i].kind != word && t[i].kind != mark {
		return ""
	}
	return t[i].low
}

func isDataFile(t []token, i int) bool {
	for _, suffix := range []string{".csv", ".json", ".ndjson", ".xlsx", ".tsv", ".xml", ".txt", ".log"} {
		if strings.HasSuffix(t[i].low, suffix) && len(t[i].low) > len(suffix) {
			return true
		}
	}
	return false
}

// isSoftware reports whether the words ask for software of any kind.
func isSoftware(t []token) bool {
	first := true
	for i, k := range t {
		if k.kind != word {
			continue
		}
		if first && !fillers[k.low] {
			first = false
			if askingWords[k.low] {
				return false
			}
		}
		if notSoftware[k.low] && i < 8 {
			return false
		}
		_, foreign := foreignStacks[k.low]
		if softwareNouns[k.low] || softwareVerbs[k.low] || foreign && !foreignStacks[k.low] || stackNames[k.low] != "" && k.low != "go" {
			return true
		}
	}
	return false
}

// injection finds words that address the machine rather than describe software.
func injection(t []token) (span, bool) {
	for i := range t {
		if t[i].kind != word {
			continue
		}
		switch t[i].low {
		case "ignore", "disregard", "forget", "override", "bypass":
			for j := i + 1; j < len(t) && j < i+7; j++ {
				if has([]string{"previous", "prior", "above", "earlier", "preceding"}, t[j].low) || t[j].low == "instructions" && j > i+1 || t[j].low == "everything" {
					return span{t[i].at.start, t[j].at.end}, true
				}
			}
		case "system":
			if low(t, i+1) == "prompt" {
				return span{t[i].at.start, t[i+1].at.end}, true
			}
		case "environment":
			if has([]string{"variables", "variable"}, low(t, i+1)) && i > 0 && mentions(t[max(0, i-6):i], "print", "show", "reveal", "dump", "leak", "output", "send", "tell", "list") {
				return span{t[i].at.start, t[i+1].at.end}, true
			}
		case "jailbreak":
			return t[i].at, true
		case "you":
			if low(t, i+1) == "are" && low(t, i+2) == "now" {
				return span{t[i].at.start, t[i+2].at.end}, true
			}
		}
	}
	return span{}, false
}

func mentions(t []token, words ...string) bool {
	for _, k := range t {
		if k.kind == word && has(words, k.low) {
			return true
		}
	}
	return false
}

// isEnglish weighs common words of English against those of other languages, and other scripts against Latin.
func isEnglish(text string, t []token) bool {
	latin, other := 0, 0
	for _, r := range text {
		switch {
		case r < unicode.MaxASCII && unicode.IsLetter(r), unicode.Is(unicode.Latin, r):
			latin++
		case unicode.IsLetter(r):
			other++
		}
	}
	if other > 2 && other*3 > latin {
		return false
	}
	foreign, english := 0, 0
	seen := map[string]bool{}
	for _, k := range t {
		if k.kind != word || seen[k.low] {
			continue
		}
		seen[k.low] = true
		if foreignWords[k.low] {
			foreign++
		}
		if englishWords[k.low] {
			english++
		}
	}
	return foreign < 2 || foreign <= english
}
