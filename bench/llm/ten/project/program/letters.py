"""Letters of a text."""


def letters(text: str) -> int:
    """Count letters of any alphabet."""
    return sum(c.isalpha() for c in text)
