"""Lines of a text."""


def lines(text: str) -> int:
    """Count lines, a last one without a line break among them."""
    return text.count("\n") + (text != "" and not text.endswith("\n"))
