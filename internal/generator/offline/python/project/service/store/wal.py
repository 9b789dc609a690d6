"""Finds damage in SQLite's write-ahead log, which SQLite itself would pass over in silence.

After a crash the log may end in a torn record: SQLite stops reading there, which loses nothing that was answered. But it
stops in the same way at a damaged record in the middle, and then every later change, answered long ago, is gone. The two
differ in what follows: behind a torn record there is no further change.
"""

import struct
from collections.abc import Iterator
from pathlib import Path

HEADER = 32  # bytes; https://www.sqlite.org/fileformat2.html#the_write_ahead_log
FRAME = 24
MAGIC = {0x377F0682: "<", 0x377F0683: ">"}  # the byte order of the checksums
WORD = 0xFFFFFFFF


def damage(path: Path) -> str:
    """Return what is wrong with the log, or "" when nothing is."""
    content = path.read_bytes() if path.exists() else b""
    if len(content) <= HEADER:
        return ""
    magic, _, page_size = struct.unpack(">III", content[:12])
    order = MAGIC.get(magic)
    if order is None:
        return "the header is unreadable"
    total = _checksum(order, content[:24], (0, 0))
    if total != struct.unpack(">II", content[24:HEADER]):
        return "the checksum of the header is wrong"
    valid, lost = True, 0
    for frame in _frames(content, page_size):
        if valid:
            total = _checksum(order, frame[:8] + frame[FRAME:], total)
            valid = total == struct.unpack(">II", frame[16:FRAME])
        if not valid and _ends_a_change(frame):
            lost += 1
    return "a record before the last one is broken" if lost > 1 else ""


def _frames(content: bytes, page_size: int) -> Iterator[bytes]:
    """Yield the frames that belong to this log; older ones that it has not yet overwritten have another salt."""
    salt, size = content[16:24], FRAME + page_size
    for start in range(HEADER, len(content) - size + 1, size):
        if content[start + 8 : start + 16] == salt:
            yield content[start : start + size]


def _ends_a_change(frame: bytes) -> bool:
    """Whether the frame is the last one of a committed transaction."""
    return frame[4:8] != b"\0\0\0\0"


def _checksum(order: str, content: bytes, start: tuple[int, int]) -> tuple[int, int]:
    """Continue SQLite's checksum over some content."""
    first, second = start
    words = struct.unpack(f"{order}{len(content) // 4}I", content)
    for i in range(0, len(words), 2):
        first = (first + words[i] + second) & WORD
        second = (second + words[i + 1] + first) & WORD
    return first, second
