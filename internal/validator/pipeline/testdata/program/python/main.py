"""Counts the lines of a file, or of its standard input, and writes the number to a file with --out."""

import argparse
import sys

from program.count import lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="count")
    parser.add_argument("--out")
    parser.add_argument("file", nargs="?")
    args = parser.parse_args()
    try:
        if args.file:
            with open(args.file, encoding="utf-8") as source:
                n = lines(source)
        else:
            n = lines(sys.stdin)
    except OSError as err:
        print(f"count: {err}", file=sys.stderr)
        return 1
    text = f"{n} lines\n"
    if args.out:
        with open(args.out, "w", encoding="utf-8") as target:
            target.write(text)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
