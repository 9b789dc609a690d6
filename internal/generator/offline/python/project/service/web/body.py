"""Reads the JSON object in a request's body."""

import json

from service.domain.fields import MAX_INT_DIGITS, NumberToken
from service.domain.forms import Body
from service.web.messages import JSON, ProblemError, Request

MAX_BODY = 2**20  # bytes
MERGE_PATCH = "application/merge-patch+json"


def check_content(request: Request) -> None:
    """Refuse a body of another type, or one that is too large, before it is looked at."""
    given = request.headers.get("Content-Type")
    if given and request.method in ("POST", "PUT", "PATCH"):
        accepted = (JSON, MERGE_PATCH) if request.method == "PATCH" else (JSON,)
        if given.partition(";")[0].strip().lower() not in accepted:
            raise ProblemError(415, "the body must be " + " or ".join(accepted))
    if request.body is None:
        raise ProblemError(413, f"the body must not be larger than {MAX_BODY} bytes")


def read_object(request: Request) -> Body:
    """Return the JSON object in the body, with numbers as they were written."""
    try:
        text = (request.body or b"").decode("utf-8")
        content = json.loads(
            text,
            object_pairs_hook=_object,
            parse_int=_integer,
            parse_float=NumberToken,
            parse_constant=_constant,
        )
        _refuse_halves(content)
    except RecursionError:
        raise ProblemError(400, "the body is nested too deeply") from None
    except UnicodeError:
        raise ProblemError(400, "the body is not valid UTF-8 text") from None
    except json.JSONDecodeError as error:
        raise ProblemError(400, f"the body is not JSON: {error}") from None
    if not isinstance(content, dict):
        raise ProblemError(400, "the body must be a JSON object")
    return content


def _object(pairs: list[tuple[str, object]]) -> Body:
    content: Body = {}
    for key, value in pairs:
        if key in content:
            raise ProblemError(400, f"the body has the key {json.dumps(key)} twice")
        content[key] = value
    return content


def _integer(text: str) -> int | NumberToken:
    return int(text) if len(text) <= MAX_INT_DIGITS else NumberToken(text)


def _constant(text: str) -> object:
    raise ProblemError(400, f"the body is not JSON: {text} is no number")


def _refuse_halves(content: object) -> None:
    """Refuse escapes such as \\ud800 that are half a character: no UTF-8 text can hold them."""
    if isinstance(content, dict):
        for key, value in content.items():
            key.encode("utf-8")
            if isinstance(value, str):
                value.encode("utf-8")
