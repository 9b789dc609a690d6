"""The longest word of a text."""

from program.words import split


def longest(text: str) -> int:
    """Return the number of characters of the longest word, 0 without a word."""
    return max((len(word) for word in split(text)), default=0)
