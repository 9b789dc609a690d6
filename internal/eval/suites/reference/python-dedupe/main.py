import sys

options = sys.argv[1:]
for o in options:
    if o not in ("--count", "--ignore-case"):
        print("unknown option", o, file=sys.stderr)
        sys.exit(2)
first, counts = {}, {}
for line in sys.stdin.read().splitlines():
    key = line.casefold() if "--ignore-case" in options else line
    first.setdefault(key, line)
    counts[key] = counts.get(key, 0) + 1
for key, line in first.items():
    print(f"{counts[key]} {line}" if "--count" in options else line)
