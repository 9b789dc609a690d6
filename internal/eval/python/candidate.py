# Runs in the candidate's sandbox, where there is no test. It executes the answer as a module and then calls its functions for
# whoever writes to standard input. Whatever the answer does here to this process, to its own asserts or to its builtins, it
# can only change what comes back from a call: a value, which is compared elsewhere.
def serve():
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what the answer prints is for the log
    scope = {"__name__": "candidate"}
    exec(compile(json.loads(requests.readline()), "answer.py", "exec"), scope)
    for line in requests:
        call = json.loads(line)
        try:
            value = scope[call["name"]](*unpack(call["args"]), **unpack(call["named"]))
            answer = {"id": call["id"], "value": pack(value)}
        except Exception as e:
            answer = {"id": call["id"], "error": "%s: %s" % (type(e).__name__, str(e)[:500])}
        send(answers, answer)


serve()
os._exit(0)
