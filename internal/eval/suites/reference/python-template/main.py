import re
import sys

values = dict(a.split("=", 1) for a in sys.argv[1:])
text = sys.stdin.read()
pattern = re.compile(r"\{\{([A-Za-z_][A-Za-z0-9_]*)\}\}")
missing = [n for n in pattern.findall(text) if n not in values]
if missing:
    print("missing: " + ", ".join(missing), file=sys.stderr)
    sys.exit(1)
sys.stdout.write(pattern.sub(lambda m: values[m.group(1)], text))
