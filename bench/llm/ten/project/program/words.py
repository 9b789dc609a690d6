"""Words of a text."""


def split(text: str) -> list[str]:
    """Divide a text at white space."""
    return text.split()


def words(text: str) -> int:
    """Count words."""
    return len(split(text))
