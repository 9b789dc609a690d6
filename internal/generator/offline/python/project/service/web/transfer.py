"""Takes a request's body off the connection, whatever its size, so that the next request starts where it should."""

from dataclasses import dataclass
from email.message import Message
from io import BufferedIOBase

from service.web.body import MAX_BODY
from service.web.messages import ProblemError

MAX_DISCARDED = (
    16 * MAX_BODY
)  # what is read of a body that is too large, so that its sender sees the answer
BLOCK = 65536
MAX_CHUNK_LINE = 1024
MAX_TRAILERS = 100


@dataclass(frozen=True, slots=True)
class ReadBody:
    """A body, None when it is too large; broken when the rest of the connection cannot be used."""

    content: bytes | None
    broken: bool = False


def read_body(stream: BufferedIOBase, headers: Message) -> ReadBody:
    """Read the body that the headers announce."""
    coding, lengths = headers.get("Transfer-Encoding"), headers.get_all("Content-Length", [])
    if coding is not None:
        if coding.strip().lower() != "chunked" or lengths:
            raise ProblemError(400, "the length of the body is not clear")
        return _read_chunks(stream)
    if not lengths:
        return ReadBody(b"")
    text = str(lengths[0]).strip()
    if len(set(lengths)) > 1 or not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ProblemError(400, "Content-Length is not valid")
    return _read_length(stream, int(text))


def _read_length(stream: BufferedIOBase, length: int) -> ReadBody:
    if length > MAX_BODY:
        return ReadBody(None, broken=not _discard(stream, length))
    content = stream.read(length)
    if len(content) < length:
        raise ProblemError(400, "the body is shorter than its Content-Length")
    return ReadBody(content)


def _read_chunks(stream: BufferedIOBase) -> ReadBody:
    content = bytearray()
    total = 0
    while size := _chunk_size(stream):
        total += size
        if total > MAX_DISCARDED:
            return ReadBody(None, broken=True)
        chunk = stream.read(size)
        if len(chunk) < size or stream.read(2) != b"\r\n":
            raise ProblemError(400, "a chunk of the body is not complete")
        if total <= MAX_BODY:
            content += chunk
    for _ in range(MAX_TRAILERS):
        if stream.readline(BLOCK) in (b"\r\n", b"\n", b""):
            return ReadBody(bytes(content) if total <= MAX_BODY else None)
    raise ProblemError(400, "the body has too many trailers")


def _chunk_size(stream: BufferedIOBase) -> int:
    digits = stream.readline(MAX_CHUNK_LINE).partition(b";")[0].strip()
    try:
        if 0 < len(digits) <= 8 and digits.isalnum():
            return int(digits, 16)
    except ValueError:
        pass
    raise ProblemError(400, "a chunk of the body has no size")


def _discard(stream: BufferedIOBase, length: int) -> bool:
    """Read and forget a body, and say whether all of it was read."""
    left = min(length, MAX_DISCARDED)
    while left > 0:
        block = stream.read(min(left, BLOCK))
        if not block:
            return False
        left -= len(block)
    return length <= MAX_DISCARDED
