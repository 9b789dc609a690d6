# Runs in the checker's sandbox, where no code of the candidate ever is. The test calls the function by a stand-in that asks the
# candidate's sandbox. The nonce is printed after the test has returned, and nowhere else.
import traceback


def main():
    requests, answers = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    order = json.loads(answers.readline())
    calls = 0

    class CandidateError(Exception):
        pass

    def candidate(*args, **named):
        nonlocal calls
        calls += 1
        send(requests, {"id": calls, "name": order["entry"], "args": pack(args), "named": pack(named)})
        line = answers.readline()
        if not line:
            raise CandidateError("the candidate ended during call %d" % calls)
        try:
            answer = json.loads(line)
            if not isinstance(answer, dict) or answer.get("id") != calls:
                raise ValueError("it answers another call")
            if "error" in answer:
                raise CandidateError("the candidate raised " + str(answer["error"])[:600])
            return unpack(answer["value"])
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as e:
            raise CandidateError("the candidate's process wrote what is no answer to call %d: %s" % (calls, str(e)[:200]))

    if "random" in order["test"]:
        import random

        random.seed(20210707)  # a test that draws its cases draws the same ones each time
    scope = {"__name__": "check"}
    verdict = {"passed": False}
    try:
        exec(compile(order["prompt"], "prompt.py", "exec"), scope)
        scope[order["entry"]] = candidate
        exec(compile(order["test"], "test.py", "exec"), scope)
        scope["check"](candidate)
        if calls == 0:
            verdict["broken"] = "the test did not call the candidate"
        else:
            verdict = {"passed": True, "calls": calls, "nonce": order["nonce"]}
    except (Exception, SystemExit) as e:
        verdict["reason"] = "%s%s" % (type(e).__name__, ": " + str(e)[:600] if str(e) else "")
        for frame in traceback.extract_tb(e.__traceback__):
            if frame.filename == "test.py" and frame.name != "<module>":
                verdict["line"] = order["test"].split("\n")[frame.lineno - 1].strip()[:400]
        if calls == 0:
            verdict["broken"] = "the test ended before its first call: " + verdict["reason"]
    send(requests, {"verdict": verdict})


main()
