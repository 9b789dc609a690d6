// Package orchestratortest holds a generator that plants faults, to show that runs get over them, or end honestly.
//
// It never decides what a fault leads to.
//
// Arrows: generator, qlp.
package orchestratortest

import (
	"bytes"
	"context"
	"slices"

	"github.com/quantumlayer/qlp/internal/generator"
	"github.com/quantumlayer/qlp/internal/qlp"
)

// Fault is what a Faulty generator does instead of its work.
type Fault string

// The faults.
const (
	WrongCode    Fault = "wrong code"    // every source file gets a line that does not parse
	WrongAnswer  Fault = "wrong answer"  // every status 201 becomes 200: it parses and runs, and is not what was asked for
	WeakenTest   Fault = "weakened test" // a frozen acceptance file comes back changed
	AddTest      Fault = "added test"    // a file is added to the frozen folder
	OverlapFile  Fault = "overlap"       // a file of another task comes back, too
	StrayFile    Fault = "stray file"    // a file that nobody owns
	EscapingFile Fault = "escape"        // a path outside the project
	NoFile       Fault = "no file"
	Hang         Fault = "hang"  // it does not return, and does not look at its context
	Crash        Fault = "crash" // it panics
)

// At names one attempt at one task.
type At struct {
	Task    string
	Attempt int
}

// Faulty plants faults on chosen attempts of another generator.
type Faulty struct {
	generator.Generator
	Faults map[At]Fault
	// Hung, for Hang, is what it waits for; a test closes it when it is done.
	Hung chan struct{}
}

// Generate writes the task's files, or plants the attempt's fault.
func (f *Faulty) Generate(ctx context.Context, req generator.Request) ([]qlp.File, error) {
	fault := f.Faults[At{req.Task.ID, req.Attempt}]
	switch fault {
	case Hang:
		<-f.Hung
		return nil, nil
	case Crash:
		panic("planted crash")
	case NoFile:
		return nil, nil
	}
	files, err := f.Generator.Generate(ctx, req)
	if err != nil {
		return nil, err
	}
	files = slices.Clone(files)
	switch fault {
	case WrongCode:
		for i := range files {
			files[i].Content = append([]byte("this is ) no code (\n"), files[i].Content...)
		}
	case WrongAnswer:
		for i := range files {
			files[i].Content = bytes.ReplaceAll(files[i].Content, []byte("201"), []byte("200"))
		}
	case WeakenTest:
		for _, known := range req.Files {
			if owner, _ := req.Plan.OwnerOf(known.Path); owner.Frozen {
				known.Content = append(slices.Clone(known.Content), "\n// skipped\n"...)
				return append(files, known), nil
			}
		}
	case AddTest:
		files = append(files, qlp.File{Path: "acceptance/extra_test.go", Content: []byte("package acceptance\n")})
	case OverlapFile:
		for _, t := range req.Plan.Tasks {
			if t.ID != req.Task.ID && !t.Frozen {
				files = append(files, qlp.File{Path: t.Owns[0] + "stolen.txt", Content: []byte("mine now\n")})
				break
			}
		}
	case StrayFile:
		files = append(files, qlp.File{Path: "nobody/owns.this", Content: []byte("x")})
	case EscapingFile:
		files = append(files, qlp.File{Path: "../../etc/passwd", Content: []byte("x")})
	}
	return files, nil
}
