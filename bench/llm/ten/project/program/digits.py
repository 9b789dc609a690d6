"""Digits of a text."""


def digits(text: str) -> int:
    """Count decimal digits."""
    return sum(c.isdecimal() for c in text)
