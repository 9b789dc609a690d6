package accepttool

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/quantumlayer/qlp/internal/qlp"
)

// TestMain lets the test binary be the tool, because the tool ends every process below its own, and the programs that it
// judges.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 2 && os.Args[1] == "tool":
		os.Exit(Main(os.Args[2:], os.Stdout, os.Stderr))
	case len(os.Args) > 2 && os.Args[1] == "program":
		os.Exit(program(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

const fake = `{"Action":"pass","Package":"acceptance","Test":"fake"}` + "\n"

// program is what is judged: an honest echo, and everything that a program may try.
func program(name string, args []string) int {
	switch name {
	case "echo":
		_, _ = io.Copy(os.Stdout, os.Stdin)
		_, _ = fmt.Fprintln(os.Stdout, strings.Join(args, " "))
	case "refuse":
		_, _ = fmt.Fprintln(os.Stderr, "refused: no input")
		return 3
	case "copy":
		b, err := os.ReadFile(args[0])
		if err != nil {
			return 1
		}
		if err := os.WriteFile(args[1], b, 0o600); err != nil {
			return 1
		}
	case "fake":
		_, _ = fmt.Fprint(os.Stdout, fake+"TAP version 13\n1..1\nok 1\n")
		_, _ = fmt.Fprint(os.Stderr, fake)
	case "tool":
		return attack()
	case "peek":
		b, err := os.ReadFile(os.Getenv("CASES"))
		_, _ = fmt.Fprintln(os.Stdout, string(b), err != nil)
	case "leave":
		return leave(args)
	case "group":
		_ = syscall.Kill(0, syscall.SIGKILL)
	case "hang":
		_, _ = os.Stdin.Read(make([]byte, 1)) // of the call's end, if nothing is written
		_ = syscall.Pause()
	case "flood":
		for {
			if _, err := os.Stdout.Write(bytes.Repeat([]byte("x"), 1<<16)); err != nil {
				return 1
			}
		}
	case "pipe":
		if err := syscall.Mkfifo("out.txt", 0o600); err != nil {
			return 1
		}
	case "link":
		if err := os.Symlink("/etc/passwd", "out.txt"); err != nil {
			return 1
		}
	}
	return 0
}

// attack tries to write to the tool's report, and says whether it could.
func attack() int {
	for _, fd := range []string{"1", "2"} {
		f, err := os.OpenFile(fmt.Sprintf("/proc/%d/fd/%s", os.Getppid(), fd), os.O_WRONLY, 0)
		if err == nil {
			_, _ = f.WriteString(fake)
			_, _ = fmt.Fprintln(os.Stdout, "open")
			return 0
		}
	}
	if err := syscall.PtraceAttach(os.Getppid()); err == nil {
		_, _ = fmt.Fprintln(os.Stdout, "traced")
		return 0
	}
	_, _ = fmt.Fprintln(os.Stdout, "closed")
	return 0
}

// leave starts a process in a session of its own, which holds on to stdout.
func leave(args []string) int {
	cmd := exec.Command(os.Args[0], "program", "hang")
	cmd.Stdout, cmd.SysProcAttr = os.Stdout, &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return 1
	}
	if len(args) > 0 {
		if err := os.WriteFile(args[0], []byte(fmt.Sprint(cmd.Process.Pid)), 0o600); err != nil {
			return 1
		}
	}
	_, _ = fmt.Fprintln(os.Stdout, "left")
	return 0
}

func text(s string) *string { return &s }

func call(args string, want qlp.ProgramExpect) qlp.ProgramCall {
	return qlp.ProgramCall{Args: strings.Fields(args), Expect: want}
}

// run plays cases against the test binary's programs; a case that refuses is added to each list.
func run(t *testing.T, flags []string, calls ...qlp.ProgramCall) (code int, stdout, stderr string) {
	t.Helper()
	return runCases(t, flags, []qlp.Acceptance{
		{ID: "good", Good: true, Calls: calls},
		{ID: "bad", Calls: []qlp.ProgramCall{call("refuse", qlp.ProgramExpect{Exit: 3, StderrHas: []string{"refused"}})}},
	})
}

func runCases(t *testing.T, flags []string, cases []qlp.Acceptance) (code int, stdout, stderr string) {
	t.Helper()
	b, err := json.Marshal(map[string]any{"cases": cases})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "cases.json")
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr = tool(t, append(flags, file, "--", self(t), "program"), "CASES="+file)
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(after, b) {
		t.Errorf("the cases file is not as it was: %v", err)
	}
	return code, stdout, stderr
}

func self(t *testing.T) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func tool(t *testing.T, args []string, env ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(t.Context(), self(t), append([]string{"tool"}, args...)...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

func TestGoodCases(t *testing.T) {
	t.Parallel()
	echo := qlp.ProgramCall{Args: []string{"echo", "a b", ""}, Stdin: "in\r\n", Expect: qlp.ProgramExpect{
		Stdout: text("in\na b "), StdoutHas: []string{"in"}, StdoutLacks: []string{"out"}, StdoutMatch: `^in\s`,
	}}
	copies := qlp.ProgramCall{Args: []string{"copy", "a/in.txt", "out.txt"}, Files: map[string]string{"a/in.txt": "one\ntwo\n"}, Expect: qlp.ProgramExpect{
		Files: map[string]string{"out.txt": "one\ntwo"}, FilesHave: map[string]string{"out.txt": "two"}, FilesMissing: []string{"b.txt", "in.txt"},
	}}
	again := call("copy out.txt more.txt", qlp.ProgramExpect{Files: map[string]string{"more.txt": "one\ntwo\n"}})
	code, stdout, stderr := run(t, nil, echo, copies, again)
	if code != ExitGood || strings.Count(stdout, `"pass"`) != 3 || strings.Contains(stdout, `"fail"`) || !strings.Contains(stderr, "2 of 2 cases") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		call qlp.ProgramCall
		says string
	}{
		"exit code":        {call("refuse", qlp.ProgramExpect{StderrHas: []string{"refused"}}), `expected 0, got 3`},
		"stderr is shown":  {call("refuse", qlp.ProgramExpect{Exit: 1}), `stderr: "refused: no input"`},
		"stdout":           {call("echo x y", qlp.ProgramExpect{Stdout: text("x z\n")}), `line 1: expected "x z", got "x y"`},
		"a line too few":   {call("echo x", qlp.ProgramExpect{Stdout: text("x\ny\n")}), `line 2: expected "y", got the end`},
		"has":              {call("echo x", qlp.ProgramExpect{StdoutHas: []string{"y"}}), `expected to contain "y", got "\nx\n"`},
		"lacks":            {call("echo x", qlp.ProgramExpect{StdoutLacks: []string{"x"}}), `not to contain "x"`},
		"match":            {call("echo x", qlp.ProgramExpect{StdoutMatch: "^y$"}), `a match of "^y$"`},
		"stderr":           {call("refuse", qlp.ProgramExpect{Exit: 3, StderrHas: []string{"no output"}}), `stderr: expected to contain "no output"`},
		"file missing":     {call("echo x", qlp.ProgramExpect{Files: map[string]string{"out.txt": "x"}}), `file out.txt: expected "x", but it is not there`},
		"file has":         {qlp.ProgramCall{Args: []string{"echo"}, Files: map[string]string{"f": "a"}, Expect: qlp.ProgramExpect{FilesHave: map[string]string{"f": "b"}}}, `file f: expected to contain "b", got "a"`},
		"file there":       {qlp.ProgramCall{Args: []string{"echo"}, Files: map[string]string{"f": "a"}, Expect: qlp.ProgramExpect{FilesMissing: []string{"f"}}}, `file f: expected not to be there`},
		"a pipe as file":   {call("pipe", qlp.ProgramExpect{Files: map[string]string{"out.txt": "x"}}), `it is no plain file`},
		"a link out":       {call("link", qlp.ProgramExpect{FilesHave: map[string]string{"out.txt": "root"}}), `it cannot be read`},
		"a fake report":    {call("fake", qlp.ProgramExpect{Stdout: text("x")}), `expected "x", got "{\"Action\"`},
		"ends by a signal": {call("group", qlp.ProgramExpect{Exit: 1}), `ended by the signal SIGKILL`},
		"hangs":            {call("hang", qlp.ProgramExpect{Stdout: text("x")}), `it was stopped after 300ms`},
		"floods":           {call("flood", qlp.ProgramExpect{Stdout: text("x")}), `it printed more than 1048576 bytes to stdout`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			flags := []string{}
			if name == "hangs" {
				flags = []string{"--time", "300ms"}
			}
			if name == "has" {
				tc.call.Stdin = "\n"
			}
			code, stdout, stderr := run(t, flags, tc.call)
			if code != ExitBad || !strings.Contains(stderr, tc.says) || !strings.Contains(stderr, "1 of 2 cases") {
				t.Errorf("exit code %d, want %q\n%s", code, tc.says, stderr)
			}
			for line := range strings.Lines(stdout) {
				var e event
				if err := json.Unmarshal([]byte(line), &e); err != nil || e.Package != suite || e.Test == "fake" {
					t.Errorf("not a line of the report: %s", line)
				}
			}
		})
	}
}

// The program is the tool's child and of its user, and still does not get at the report, the cases, or the next case.
func TestHostilePrograms(t *testing.T) {
	t.Parallel()
	calls := []qlp.ProgramCall{
		call("peek", qlp.ProgramExpect{Stdout: text(" true")}),
		call("leave", qlp.ProgramExpect{Stdout: text("left")}), // it would hold stdout open until the time is over
	}
	if os.Getuid() != 0 { // nothing is closed to root; in the sandbox, where nobody is, the pipeline's tests try the same
		calls = append(calls, call("tool", qlp.ProgramExpect{Stdout: text("closed")}))
	}
	code, stdout, stderr := run(t, []string{"--hide"}, calls...)
	if code != ExitGood || strings.Contains(stdout+stderr, "fake") {
		t.Errorf("exit code %d\n%s\n%s", code, stdout, stderr)
	}
}

// What a program leaves behind in a session of its own is killed: the pipe that it holds is closed long before its time.
func TestWhatIsLeftRunningEnds(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "pid")
	if code, _, stderr := run(t, nil, call("leave "+file, qlp.ProgramExpect{Stdout: text("left")})); code != ExitGood {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	cmdline, err := os.ReadFile("/proc/" + string(b) + "/cmdline")
	if err == nil && strings.Contains(string(cmdline), "hang") {
		t.Errorf("process %s was left running", b)
	}
}

func TestTimeOfAll(t *testing.T) {
	t.Parallel()
	code, _, stderr := run(t, []string{"--time", "5s", "--total", "200ms"}, call("hang", qlp.ProgramExpect{Exit: 1}))
	if code != ExitBad || !strings.Contains(stderr, "it was not played") || !strings.Contains(stderr, "0 of 2") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
}

func TestRefuses(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		content string
		says    string
	}{
		"no case":      {`{"cases": []}`, "there is no case"},
		"nothing":      {``, "does not fit"},
		"unknown key":  {`{"cases": [], "more": 1}`, "unknown field"},
		"two values":   {`{"cases": [{"id":"a","good":true,"calls":[{"expect":{"exit":1}}]}]} {}`, "something follows"},
		"only good":    {`{"cases": [{"id":"a","good":true,"calls":[{"expect":{"exit":1}}]}]}`, "no refusing case"},
		"path outside": {`{"cases": [{"id":"a","good":true,"calls":[{"expect":{"exit":1,"files":{"../x":""}}}]},{"id":"b","calls":[{"expect":{"exit":1}}]}]}`, "plain relative path"},
	} {
		file := filepath.Join(t.TempDir(), "cases.json")
		if err := os.WriteFile(file, []byte(tc.content), 0o600); err != nil {
			t.Fatal(err)
		}
		code, stdout, stderr := tool(t, []string{file, "--", self(t), "program"})
		if code != ExitBad || !strings.Contains(stderr, tc.says) || !strings.Contains(stdout, `{"Action":"fail","Package":"acceptance"}`) {
			t.Errorf("%s: exit code %d\n%s%s", name, code, stdout, stderr)
		}
	}
	for _, args := range [][]string{{}, {"x.json"}, {"x.json", "--"}, {"x.json", "sh"}, {"--time", "0s", "x.json", "--", "sh"}, {"--wrong", "x.json", "--", "sh"}} {
		if code, _, stderr := tool(t, args); code != ExitBroken || !strings.Contains(stderr, "usage:") {
			t.Errorf("%q: exit code %d\n%s", args, code, stderr)
		}
	}
	if code, _, stderr := tool(t, []string{"no-such-file.json", "--", "sh"}); code != ExitBad || !strings.Contains(stderr, "open the cases") {
		t.Errorf("no file: exit code %d\n%s", code, stderr)
	}
}

// FuzzReadCases: whatever is in the file, what is accepted can be played.
func FuzzReadCases(f *testing.F) {
	f.Add([]byte(`{"cases": [{"id":"a","when":"","then":"","good":true,"calls":[{"args":["x"],"expect":{"exit":0,"stdout":"y"}}]},{"id":"b","good":false,"calls":[{"expect":{"exit":2}}]}]}`))
	f.Add([]byte(`{"cases": []}`))
	f.Add([]byte(`{"cases": [{"id":"a/b","calls":[{"files":{"a":"","a/b":""},"expect":{"stdout_match":"("}}]}]}`))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		cases, err := readCases(b)
		if err != nil {
			return
		}
		if len(cases) == 0 || len(qlp.CheckCases(cases)) > 0 {
			t.Fatalf("accepted %d cases of %q", len(cases), b)
		}
		for _, c := range cases {
			if strings.Contains(c.ID, "/") {
				t.Fatalf("the id %q would look like a subtest", c.ID)
			}
		}
	})
}
