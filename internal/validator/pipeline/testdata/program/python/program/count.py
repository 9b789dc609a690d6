"""Counting."""

from collections.abc import Iterable


def lines(source: Iterable[str]) -> int:
    """Returns the number of lines."""
    return sum(1 for _ in source)
