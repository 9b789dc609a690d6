"""Why the rows cannot be opened."""

from pathlib import Path


class DamagedError(Exception):
    """A file of the database is not what this service has written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged: {reason}")


class UnusableError(Exception):
    """The folder is in use, cannot be written, or holds the rows of another service."""
