"""The files in DATA_DIR: made whole, locked against a second process, and checked before they are trusted."""

import hashlib
import os
import sqlite3
import zlib
from pathlib import Path

from service.store import wal
from service.store.connection import connect
from service.store.errors import DamagedError, UnusableError

DATABASE = "service.db"
SEAL = ".sha256"  # beside the database while nobody uses it: what it was when it was closed
LOCK = "service.lock"


def lock(directory: Path) -> sqlite3.Connection:
    """Hold the folder until the connection is closed or the process ends, however it ends."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            directory / LOCK, timeout=0, isolation_level=None, check_same_thread=False
        )
    except (OSError, sqlite3.Error) as error:
        raise UnusableError(f"DATA_DIR {directory} cannot be used: {error}") from error
    try:
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.Error as error:
        connection.close()
        if not isinstance(error, sqlite3.OperationalError):
            raise DamagedError(directory / LOCK, str(error)) from error
        raise UnusableError(f"DATA_DIR {directory} is in use by another process") from error
    return connection


def prepare(directory: Path, schema: str) -> Path:
    """Return the path of a database that is there, whole, and made from this schema."""
    path = directory / DATABASE
    log = path.with_name(DATABASE + "-wal")
    if not path.exists():
        if log.exists():
            raise DamagedError(path, f"it is missing, but its log {log.name} is there")
        _create(path, schema)
    if reason := wal.damage(log):
        raise DamagedError(log, reason)
    if not log.exists():
        _check_seal(path)
    try:
        _check(path, schema)
    except sqlite3.DatabaseError as error:
        raise DamagedError(path, str(error)) from error
    _break_seal(path)
    return path


def seal(path: Path) -> None:
    """Keep the digest of a closed database: SQLite checks its structure, but not the letters of a text."""
    if not path.with_name(path.name + "-wal").exists():
        draft = path.with_name(path.name + SEAL + ".new")
        draft.write_text(_digest(path))
        draft.replace(path.with_name(path.name + SEAL))


def _check_seal(path: Path) -> None:
    """Compare the database with its digest; after a crash there is none, and the log has its own checksums."""
    kept = path.with_name(path.name + SEAL)
    if kept.exists() and kept.read_text("utf-8", "replace").strip() != _digest(path):
        raise DamagedError(
            path, f"it is not what it was when it was closed, by its digest in {kept.name}"
        )


def _break_seal(path: Path) -> None:
    """Remove the digest, for good, before the first change."""
    kept = path.with_name(path.name + SEAL)
    if kept.exists():
        kept.unlink()
        _sync_folder(path.parent)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _create(path: Path, schema: str) -> None:
    """Make the database beside its place and move it there, so that a crash leaves all of it or none."""
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    try:
        connection = connect(draft)
        try:
            connection.executescript(
                f"BEGIN; {schema}; PRAGMA user_version = {_version(schema)}; COMMIT;"
            )
        finally:
            connection.close()
        draft.replace(path)
        _sync_folder(path.parent)
    except (OSError, sqlite3.OperationalError) as error:
        raise UnusableError(f"{path} cannot be made: {error}") from error


def _check(path: Path, schema: str) -> None:
    """Read the whole database once."""
    if path.stat().st_size == 0:  # SQLite would take it for a new one, and every row would be gone
        raise DamagedError(path, "it is empty")
    connection = connect(path)
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        (result,) = connection.execute("PRAGMA integrity_check(1)").fetchone()
        if result != "ok":
            raise DamagedError(path, result)
        if version != _version(schema):
            raise UnusableError(f"{path} was made by another version of this service")
        connection.execute("PRAGMA journal_mode = WAL")
    finally:
        connection.close()


def _version(schema: str) -> int:
    """Return a number that changes with the schema; SQLite keeps it as a signed 32-bit integer."""
    return zlib.crc32(schema.encode()) & 0x7FFFFFFF


def _sync_folder(directory: Path) -> None:
    """Make the new name in the folder outlive the power."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
