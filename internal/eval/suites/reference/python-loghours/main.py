import re
import sys

form = re.compile(r"(\d{4}-\d\d-\d\dT\d\d):\d\d:\d\dZ (DEBUG|INFO|WARN|ERROR) ")
hours, ignored = {}, 0
for line in sys.stdin:
    found = form.match(line)
    if not found:
        ignored += 1
        continue
    hour, level = found.groups()
    if level in ("WARN", "ERROR"):
        counts = hours.setdefault(hour, [0, 0])
        counts[level == "ERROR"] += 1
for hour in sorted(hours):
    print(hour, *hours[hour])
if ignored:
    print("ignored", ignored, file=sys.stderr)
