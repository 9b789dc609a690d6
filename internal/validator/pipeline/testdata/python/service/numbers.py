"""Keeps a number."""


class Store:
    """A sum."""

    def __init__(self) -> None:
        self.total = 0

    def add(self, number: int) -> int:
        """Add number and return the sum."""
        self.total += number
        return self.total
