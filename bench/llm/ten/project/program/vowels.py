"""Vowels of a text."""


def vowels(text: str) -> int:
    """Count a, e, i, o and u in either case."""
    return sum(c in "aeiouAEIOU" for c in text)
