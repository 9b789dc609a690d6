"""JSON values whose numbers keep their digits, and pointers into them."""

import json
from typing import Any, TypeAlias

Document: TypeAlias = Any  # what json.loads makes, with numbers as Number

NOTHING = object()  # what a pointer leads to when there is nothing


class Number(str):
    """A JSON number as it was written."""


def parse(raw: str | bytes) -> Document:
    """Read one JSON value."""
    return json.loads(raw, parse_int=Number, parse_float=Number)


def at(document: Document, pointer: str) -> Document:
    """Follow a JSON pointer."""
    for part in pointer.split("/")[1:]:
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isdigit() and int(part) < len(document):
            document = document[int(part)]
        else:
            return NOTHING
    return document


def show(document: Document) -> str:
    """Write a value as compact JSON."""
    if document is NOTHING:
        return "nothing"
    if isinstance(document, Number):
        return str(document)
    if isinstance(document, dict):
        return "{" + ",".join(f"{show(k)}:{show(v)}" for k, v in document.items()) + "}"
    if isinstance(document, list):
        return "[" + ",".join(map(show, document)) + "]"
    return json.dumps(document, ensure_ascii=False)


def text(document: Document, pointer: str) -> str:
    """Return the string at a pointer, "" if there is none."""
    found = at(document, pointer)
    return found if isinstance(found, str) and not isinstance(found, Number) else ""


def normal(raw: str) -> str:
    """Write a JSON value as show does."""
    return show(parse(raw))
