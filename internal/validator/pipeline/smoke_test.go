package pipeline_test

import (
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/validator"
	"github.com/quantumlayer/qlp/internal/validator/pipeline"
)

func goStack() qlp.Stack {
	return qlp.Stack{
		Name: "go", Language: "go",
		Tools: []qlp.Tool{{Name: "go", Version: []string{"go", "version"}, Remedy: "install Go"}},
		Commands: qlp.Commands{
			Build:  []qlp.Command{{Name: "go-build", Argv: []string{"go", "build", "-o", "bin/service", "."}}},
			Test:   []qlp.Command{{Name: "go-test", Argv: []string{"go", "test", "-json", "-count=1", "-vet=off", "-timeout=20s", "./..."}, Report: "go-test-json"}},
			Format: []qlp.Command{{Name: "gofmt", Argv: []string{"gofmt", "-l", "."}}},
			Lint:   []qlp.Command{{Name: "go-vet", Argv: []string{"go", "vet", "./..."}}},
			Scan:   []qlp.Command{{Name: "gosec", Argv: []string{"/qlp/bin/qlp", "tool", "gosec", "-fmt=json", "./..."}, Report: "gosec-json"}},
			Start:  qlp.Command{Name: "start", Argv: []string{"./bin/service"}},
		},
	}
}

func TestSmoke(t *testing.T) {
	p, err := pipeline.New(newBench(t), pipeline.Config{})
	if err != nil {
		t.Fatal(err)
	}
	files := []qlp.File{
		{Path: "acceptance/a_test.go", Content: []byte("package acceptance\n\nimport \"testing\"\n\nfunc TestA(t *testing.T) { t.Log(1) }\n")},
		{Path: "go.mod", Content: []byte("module example.com/x\n\ngo 1.26\n")},
		{Path: "main.go", Content: []byte("package main\n\nimport \"net/http\"\n\nfunc main() { _ = http.DefaultClient }\n")},
		{Path: "main_test.go", Content: []byte("package main\n\nimport \"testing\"\n\nfunc TestMain1(t *testing.T) { main() }\n")},
	}
	for range 2 {
		start := time.Now()
		r, err := p.Validate(t.Context(), validator.Subject{Spec: qlp.Spec{Kind: qlp.KindService}, Stack: goStack(), Files: files}, func(c qlp.Check) {
			t.Logf("%6d ms %s %s %s %v", time.Since(start).Milliseconds(), c.Key(), c.Status(), c.Reason, c.Findings)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, x := range r.Executions {
			t.Logf("%s %v %s wall %d cpu %d mem %d MiB", x.ID, x.Argv, x.Verdict, x.WallMS, x.CPUMS, x.PeakMemory>>20)
		}
		t.Log(r.Toolchain, time.Since(start))
	}
}
