package fetcher

import (
	"context"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/qlp"
	"github.com/quantumlayer/qlp/internal/sandbox"
	"github.com/quantumlayer/qlp/internal/sandbox/native"
	"github.com/quantumlayer/qlp/internal/sandbox/sandboxtest"
	"github.com/quantumlayer/qlp/internal/stack"
)

// sample needs a package that its manager must fetch, and says so when it runs.
type sample struct {
	files []qlp.File
	run   [][]string // in a sandbox without a network
	says  string
	lock  string
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sample</groupId><artifactId>sample</artifactId><version>1</version>
  <properties><maven.compiler.source>11</maven.compiler.source><maven.compiler.target>11</maven.compiler.target><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties>
  <dependencies>
    <dependency><groupId>org.apache.commons</groupId><artifactId>commons-lang3</artifactId><version>3.14.0</version></dependency>
    <dependency><groupId>org.junit.jupiter</groupId><artifactId>junit-jupiter</artifactId><version>5.10.2</version><scope>test</scope></dependency>
  </dependencies>
  <build><plugins><plugin><artifactId>maven-surefire-plugin</artifactId><version>3.2.5</version></plugin></plugins></build>
</project>
`

func file(path, content string) qlp.File { return qlp.File{Path: path, Content: []byte(content)} }

func samples() map[string]sample {
	return map[string]sample{
		"go": {
			files: []qlp.File{
				file("go.mod", "module sample\n\ngo 1.24\n\nrequire github.com/google/uuid v1.6.0\n"),
				file("main.go", "package main\n\nimport \"github.com/google/uuid\"\n\nfunc main() { println(uuid.Nil.String()) }\n"),
			},
			run: [][]string{{"go", "build", "-o", "/tmp/sample", "."}, {"sh", "-c", "/tmp/sample 2>&1"}}, says: "00000000-0000-0000-0000-000000000000", lock: "go.sum",
		},
		"npm": {
			files: []qlp.File{
				file("package.json", `{"name": "sample", "version": "1.0.0", "dependencies": {"semver": "7.6.0"}}`),
				file("main.js", "console.log(require('semver').inc('1.2.3', 'minor'));\n"),
			},
			run: [][]string{{"/node_modules/.bin/semver", "1.0.0"}, {"node", "main.js"}}, says: "1.3.0", lock: "package-lock.json",
		},
		"pip": {
			files: []qlp.File{
				file("pyproject.toml", "[project]\nname = \"sample\"\nversion = \"1\"\ndependencies = [\"idna==3.7\"]\n"),
				file("main.py", "import idna\n\nprint(idna.encode(\"b\\u00fccher\").decode())\n"),
			},
			run: [][]string{{"python3", "main.py"}}, says: "xn--bcher-kva", lock: "requirements.lock",
		},
		"maven": {
			files: []qlp.File{
				file("pom.xml", pom),
				file("src/main/java/Main.java", "public class Main {\n  public static String text() { return org.apache.commons.lang3.StringUtils.reverse(\"nevam\"); }\n}\n"),
				file("src/test/java/MainTest.java", "class MainTest {\n  @org.junit.jupiter.api.Test void says() { System.out.println(Main.text()); }\n}\n"),
			},
			run: [][]string{{"sh", "-c", "mvn -o -B test >/tmp/log 2>&1 || { cat /tmp/log; exit 1; }; grep -o maven$ target/surefire-reports/*-output.txt /tmp/log | head -n 1 | sed 's/.*://'"}}, says: "maven",
		},
		"cargo": {
			files: []qlp.File{
				file("Cargo.toml", "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2021\"\n\n[dependencies]\nitoa = \"=1.0.11\"\n"),
				file("src/main.rs", "fn main() { println!(\"{}\", itoa::Buffer::new().format(4711)); }\n"),
			},
			run: [][]string{{"cargo", "run", "--quiet", "--offline", "--target-dir", "/tmp/target"}}, says: "4711", lock: "Cargo.lock",
		},
	}
}

// TestPackagesComeThroughTheDoor fetches from the registries that this machine is configured to use, then builds without a
// network from what was kept.
func TestPackagesComeThroughTheDoor(t *testing.T) {
	driver := driverFor(t)
	for name, s := range samples() {
		t.Run(name, func(t *testing.T) {
			m := manager(t, name)
			f, err := New(Config{Driver: driver, Dir: t.TempDir()})
			if err != nil {
				t.Fatal(err)
			}
			r := fetched(t, f, m, s.files)
			if r.Cached || len(r.Account.Runs) == 0 || len(r.Mounts) == 0 || s.lock != "" && (len(r.Locks) != 1 || r.Locks[0].Path != s.lock) {
				t.Fatalf("%+v", r)
			}
			allowed := 0
			for _, d := range r.Account.Decisions {
				if d.Allowed && d.Host != "" && d.Address != "" && d.Received > 0 {
					allowed++
				}
			}
			if allowed == 0 {
				t.Errorf("nothing was written down: %+v", r.Account.Decisions)
			}
			works(t, driver, m, r, s)

			again := fetched(t, f, m, s.files)
			if !again.Cached || len(again.Account.Runs) != len(r.Account.Runs) || again.Key != r.Key || len(again.Locks) != len(r.Locks) {
				t.Errorf("a second time: %+v", again)
			}
			if s.lock == "" {
				return
			}
			pinned := fetched(t, f, m, append([]qlp.File{r.Locks[0]}, s.files...))
			if pinned.Cached || len(pinned.Locks) > 0 {
				t.Errorf("with its lock file: %+v", pinned)
			}
			works(t, driver, m, pinned, s)
		})
	}
}

func driverFor(t *testing.T) sandbox.Driver {
	t.Helper()
	dir := t.TempDir()
	init, err := sandboxtest.BuildInit(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := native.New(t.Context(), slog.New(slog.DiscardHandler), native.Config{InitPath: init})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

func manager(t *testing.T, name string) Manager {
	t.Helper()
	all, err := Managers()
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range all {
		if m.Name == name {
			return m
		}
	}
	t.Fatalf("there is no manager %s", name)
	return Manager{}
}

// fetched skips the test where the tool or the registry is not there.
func fetched(t *testing.T, f *Fetcher, m Manager, files []qlp.File) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	r, err := f.FetchWith(ctx, m, files)
	if qlp.CodeOf(err) == qlp.Unavailable {
		t.Skipf("%v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if r.Failure != "" {
		for _, d := range r.Account.Decisions {
			if strings.Contains(d.Reason, "cannot be reached") || strings.Contains(d.Reason, "is not found") {
				t.Skipf("no registry answers: %s", d.Reason)
			}
		}
		t.Fatalf("%s\n%+v", r.Failure, r.Account.Decisions)
	}
	return r
}

// works builds and runs the sample in a sandbox that has no way out.
func works(t *testing.T, driver sandbox.Driver, m Manager, r Result, s sample) {
	t.Helper()
	tc, err := stack.Locate(t.Context(), qlp.Stack{Name: m.Name, Tools: m.Tools})
	if err != nil {
		t.Fatal(err)
	}
	spec := sandbox.Spec{Mounts: r.Mounts, Env: map[string]string{"GOCACHE": "/tmp/gocache", "GOENV": "off", "CGO_ENABLED": "0"}}
	for k, v := range r.Env {
		spec.Env[k] = v
	}
	spec.Env["PATH"] = tc.Path
	for _, mount := range tc.Mounts {
		spec.Mounts = append(spec.Mounts, sandbox.Mount{HostPath: mount.HostPath, Path: mount.Path})
	}
	box, err := driver.Create(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := box.Destroy(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	tree := map[string][]byte{}
	for _, f := range append(s.files, r.Locks...) {
		tree[f.Path] = f.Content
	}
	if err := sandbox.PutFiles(t.Context(), box, tree); err != nil {
		t.Fatal(err)
	}
	var res sandbox.Result
	for _, argv := range s.run {
		if res, err = box.Exec(t.Context(), sandbox.Cmd{Argv: argv}); err != nil || res.Verdict != sandbox.OK {
			t.Fatalf("%v: %s %v\n%s%s", argv, res.Verdict, err, res.Stdout, res.Stderr)
		}
	}
	if got := strings.TrimSpace(string(res.Stdout)); got != s.says {
		t.Errorf("it says %q, want %q", got, s.says)
	}
}
