"""The program: python3 main.py < file.txt"""

import sys

from program.digits import digits
from program.letters import letters
from program.lines import lines
from program.longest import longest
from program.palindromes import palindromes
from program.vowels import vowels
from program.words import words


def main(argv: list[str]) -> int:
    """Run the program and return its exit code."""
    if argv:
        print("facts: it takes no argument", file=sys.stderr)
        return 2
    try:
        text = sys.stdin.buffer.read().decode("utf-8")
    except UnicodeDecodeError:
        print("facts: standard input is no UTF-8 text", file=sys.stderr)
        return 1
    for fact in (lines, words, letters, digits, vowels, longest, palindromes):
        print(fact.__name__, fact(text))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
