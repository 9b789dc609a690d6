"""One connection to SQLite, set up so that an answered write outlives the process and the power."""

import sqlite3
from pathlib import Path

BUSY_SECONDS = 10


def connect(path: Path | str) -> sqlite3.Connection:
    """Open a connection that several threads may use in turn, with transactions begun by hand."""
    connection = sqlite3.connect(
        path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA synchronous = FULL")  # an answer to a write means that it is on disk
    connection.execute("PRAGMA foreign_keys = ON")
    return connection
