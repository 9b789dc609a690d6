"""One connection that writes, and as many that read as are needed at the same time."""

import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

from service.store import files
from service.store.connection import connect


class Database:
    """The rows on disk, or in memory only where there is no folder.

    Safe for concurrent use. Writers wait for each other; in a folder, readers wait for nobody.
    """

    def __init__(self, schema: str, directory: Path | None) -> None:
        """Open the database of a folder, which nobody else can open until it is closed."""
        self._readers: deque[sqlite3.Connection] = deque()
        self._writing = Lock()
        self._lock: sqlite3.Connection | None = None
        self._path: Path | None = None
        if directory is None:
            self._writer = connect(":memory:")
            self._writer.executescript(schema)
            return
        self._lock = files.lock(directory)
        try:
            self._path = files.prepare(directory, schema)
            self._writer = connect(self._path)
        except BaseException:
            self._lock.close()
            raise

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees one state of all rows."""
        if self._path is None:  # memory has one connection, so readers take turns with the writer
            with self.writing() as connection:
                yield connection
            return
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = connect(self._path)
        try:
            connection.execute("BEGIN")
            yield connection
        finally:
            connection.rollback()
            self._readers.append(connection)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Give the connection that writes: everything is kept, or nothing when an error comes out."""
        with self._writing:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                self._writer.rollback()
                raise

    def close(self) -> None:
        """Close the connections, which moves the log into the database. Closing twice is closing once."""
        while self._readers:
            self._readers.pop().close()
        with self._writing:
            self._writer.close()
        if self._lock is not None and self._path is not None:
            files.seal(self._path)
            self._lock.close()
            self._lock = None
