"""Words that read the same backwards."""

from program.words import split


def palindromes(text: str) -> int:
    """Count words of two characters or more that read the same backwards, whatever the case."""
    folded = [word.casefold() for word in split(text) if len(word) > 1]
    return sum(word == word[::-1] for word in folded)
