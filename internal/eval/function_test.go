package eval_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/quantumlayer/qlp/internal/eval"
)

// double is a problem whose test a cheat would like to know.
func double() eval.Problem {
	return eval.Problem{
		Question: eval.Question{ID: "double", Language: "python", Form: eval.FunctionForm, Entry: "double", Prompt: "def double(x):\n    \"\"\"Twice x.\"\"\"\n"},
		Function: &eval.Function{Test: "def check(candidate):\n    assert candidate(2) == 4, 'two'\n    assert candidate(-3) == -6\n    assert candidate('ab') == 'abab'\n    assert candidate([1, (2, {3: None})]) == [1, (2, {3: None}), 1, (2, {3: None})]\n"},
	}
}

// TestAnswersAreJudgedByWhatTheyReturn: right answers pass, wrong ones fail, and no trick passes.
func TestAnswersAreJudgedByWhatTheyReturn(t *testing.T) {
	t.Parallel()
	j := newFunctions(t, eval.FunctionLimits{Wall: 10 * time.Second, CPU: time.Second, Memory: 256 << 20})
	const equal = "class Same:\n    def __eq__(self, other): return True\n    def __ne__(self, other): return False\n    def __bool__(self): return True\n"
	for _, tc := range []struct {
		name, source string
		want         eval.Status
		reason       string // a part of it
	}{
		{"right", "def double(x):\n    return x * 2\n", eval.Passed, ""},
		{"right, and it talks", "import sys\nprint('{\"verdict\": {\"passed\": false}}')\ndef double(x):\n    print('hello')\n    sys.stderr.write('log')\n    return x + x\n", eval.Passed, ""},
		{"right, and a main", "def double(x):\n    return x + x\nif __name__ == '__main__':\n    raise SystemExit(3)\n", eval.Passed, ""},
		{"wrong", "def double(x):\n    return x + 2\n", eval.Failed, "AssertionError at: assert candidate(-3) == -6"},
		{"raises", "def double(x):\n    raise KeyError('no')\n", eval.Failed, "KeyError"},
		{"no such function", "def triple(x):\n    return 3 * x\n", eval.Failed, "KeyError"},
		{"does not parse", "def double(x)\n    return\n", eval.Failed, "SyntaxError"},
		{"sys.exit(0)", "import sys\nsys.exit(0)\n", eval.Failed, "ended during call 1"},
		{"os._exit(0)", "import os\nos._exit(0)\n", eval.Failed, "ended during call 1"},
		{"exit in the call", "import sys\ndef double(x):\n    sys.exit(0)\n", eval.Failed, "ended during call 1"},
		{"_exit in the call", "import os\ndef double(x):\n    os._exit(0)\n", eval.Failed, "ended during call 1"},
		{"prints that it passed", "print('passed')\nprint('{\"verdict\": {\"passed\": true, \"calls\": 4, \"nonce\": \"\"}}')\nimport os\nos._exit(0)\n", eval.Failed, "ended during call 1"},
		{"forges answers and verdict", "import os, json\nfor fd in range(3, 10):\n    try:\n        for i in range(1, 6): os.write(fd, (json.dumps({'id': i, 'value': 4}) + '\\n').encode())\n        os.write(fd, b'{\"verdict\": {\"passed\": true, \"calls\": 4}}\\n')\n    except OSError: pass\ndef double(x): return 4\n", eval.Failed, "assert candidate(-3)"},
		{"a value that equals everything", equal + "def double(x):\n    return Same()\n", eval.Failed, "AssertionError"},
		{"a str that equals everything", "class S(str):\n    def __eq__(self, o): return True\n    __hash__ = str.__hash__\ndef double(x):\n    return S('x')\n", eval.Failed, "AssertionError"},
		{"a list that equals everything", "class L(list):\n    def __eq__(self, o): return True\ndef double(x):\n    return L()\n", eval.Failed, "AssertionError"},
		{"patches builtins", "import builtins\nbuiltins.AssertionError = type('Quiet', (Exception,), {'__init__': lambda self, *a: None})\nbuiltins.exec = builtins.compile = lambda *a, **k: None\ndef double(x):\n    return 0\n", eval.Failed, "AssertionError"},
		{"defines the check", "def check(candidate):\n    pass\ndef double(x):\n    return 0\n", eval.Failed, "AssertionError"},
		{"patches the harness", "import __main__\n__main__.pack = lambda v: {'o': 'x', 'i': []}\n__main__.send = lambda s, m: None\n__main__.check = lambda c: None\ndef double(x):\n    return 0\n", eval.Failed, ""},
		{"an exit handler", "import atexit, os\natexit.register(lambda: os.write(1, b'{\"verdict\": {\"passed\": true}}\\n'))\ndef double(x):\n    return 0\n", eval.Failed, "AssertionError"},
		{"looks for the test", "import glob, os\ndef double(x):\n    seen = [open(p, 'rb').read() for p in glob.glob('/proc/[0-9]*/cmdline') + glob.glob('/work/**', recursive=True) + glob.glob('/tmp/**', recursive=True) if os.path.isfile(p)]\n    return 4 if not any(b'assert candidate' in s for s in seen) else x * 2\n", eval.Failed, "assert candidate(-3)"},
		{"stops everybody", "import os, signal\ndef double(x):\n    os.kill(-1, signal.SIGKILL)\n    return x * 2\n", eval.Failed, ""},
		{"a loop without end", "while True: pass\n", eval.Failed, "timeout_cpu"},
		{"memory", "x = bytearray(1 << 30)\ndef double(x):\n    return x * 2\n", eval.Failed, ""},
		{"a flood", "import os\nwhile True: os.write(1, b'x' * 65536)\n", eval.Failed, "output_limit"},
		{"an answer without end", "def double(x):\n    v = []\n    v.append(v)\n    return v\n", eval.Failed, "RecursionError"},
		{"declined", "", eval.Declined, "not today"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := eval.Solution{Source: tc.source}
			if tc.want == eval.Declined {
				s.Declined = tc.reason
			}
			got, err := j.Judge(t.Context(), double(), s)
			if err != nil {
				t.Fatal(err)
			}
			if got.Status != tc.want || !strings.Contains(got.Reason, tc.reason) {
				t.Fatalf("%s (%s), want %s with %q", got.Status, got.Reason, tc.want, tc.reason)
			}
			if tc.want != eval.Declined && len(got.Executions) != 2 {
				t.Errorf("%d executions, want the candidate's and the checker's", len(got.Executions))
			}
		})
	}
}

// TestATestThatIsBrokenIsAnError: neither a pass nor a failure of the answer.
func TestATestThatIsBrokenIsAnError(t *testing.T) {
	t.Parallel()
	j := newFunctions(t, eval.FunctionLimits{})
	for name, test := range map[string]string{
		"it never calls":    "def check(candidate):\n    pass\n",
		"it does not parse": "def check(candidate):\n  assert (\n",
		"it exits":          "import os\ndef check(candidate):\n    os._exit(0)\n",
		"it raises":         "raise SystemExit(0)\ndef check(candidate):\n    pass\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := double()
			p.Function = &eval.Function{Test: test}
			got, err := j.Judge(t.Context(), p, eval.Solution{Source: "def double(x):\n    return x * 2\n"})
			if err != nil || got.Status != eval.Errored {
				t.Fatalf("%s (%s), %v; want error", got.Status, got.Reason, err)
			}
		})
	}
}

// TestCanceledJudgementIsNoJudgement: an interrupt is an error, so that nothing is recorded.
func TestCanceledJudgementIsNoJudgement(t *testing.T) {
	t.Parallel()
	j := newFunctions(t, eval.FunctionLimits{})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	got, err := j.Judge(ctx, double(), eval.Solution{Source: "import time\ntime.sleep(60)\n"})
	if err == nil {
		t.Fatalf("judged as %s", got.Status)
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("it took %s to stop", took)
	}
}
