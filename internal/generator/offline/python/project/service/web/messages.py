"""What goes in and out of a handler."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import Message
from typing import TypeAlias

from service.domain.errors import Violation

JSON = "application/json"
Headers: TypeAlias = Mapping[str, str] | Message


@dataclass(frozen=True, slots=True)
class Request:
    """One request, with its body already read: None for one that is larger than the limit."""

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=dict)
    body: bytes | None = b""


@dataclass(frozen=True, slots=True)
class Response:
    """One answer."""

    status: int
    body: bytes = b""
    content_type: str = JSON
    headers: tuple[tuple[str, str], ...] = ()


class ProblemError(Exception):
    """Ends a request with an error that the caller can do something about."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: list[Violation] | None = None,
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = errors
        self.headers = headers


def answer(status: int, content: object, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """Return an answer that holds JSON."""
    return Response(status, dump(content), headers=headers)


def dump(content: object) -> bytes:
    """Write JSON without superfluous spaces."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
