"""Reads query parameters: pages, filters and the search text."""

from dataclasses import dataclass
from urllib.parse import parse_qsl

from service.domain.entity import Entity
from service.domain.errors import BrokenRuleError, Violation
from service.domain.fields import Field, Value
from service.web.messages import ProblemError

MAX_PARAMETERS = 100
MAX_NUMBER_DIGITS = 15


@dataclass(frozen=True, slots=True)
class PageSize:
    """How many rows a page has unless a caller says otherwise, and how many it may ask for."""

    usual: int = 20
    largest: int = 100


@dataclass(frozen=True, slots=True)
class Listing:
    """Which rows of a list are wanted."""

    page: int
    page_size: int
    equal: tuple[tuple[Field, Value], ...] = ()
    text: str | None = None


def read_listing(entity: Entity, query: str, sizes: PageSize) -> Listing:
    """Read the parameters of a list, and refuse what is not one of them."""
    given = parse(query)
    page = _number(given, "page", 1, None)
    page_size = _number(given, "page_size", sizes.usual, sizes.largest)
    text = given.pop("q", None) if entity.search else None
    equal = tuple(
        (entity.by_name[name], _value(entity.by_name[name], given.pop(name)))
        for name in entity.filters
        if name in given
    )
    refuse_unknown(given)
    return Listing(page, page_size, equal, text)


def refuse_unknown(given: dict[str, str]) -> None:
    """Refuse parameters that nobody has taken."""
    for name in given:
        raise bad_parameter(name, f"{name} is not a parameter of this path")


def parse(query: str) -> dict[str, str]:
    """Split a query into parameters, each at most once."""
    if not query:
        return {}
    try:
        pairs = parse_qsl(
            query, keep_blank_values=True, errors="strict", max_num_fields=MAX_PARAMETERS
        )
    except ValueError:
        raise ProblemError(400, "the query is not valid", []) from None
    given: dict[str, str] = {}
    for name, value in pairs:
        if name in given:
            raise bad_parameter(name, f"{name} is given twice")
        given[name] = value
    return given


def bad_parameter(name: str, message: str) -> ProblemError:
    """Return the error for one parameter."""
    return ProblemError(400, message, [Violation(name, "query", message)])


def _number(given: dict[str, str], name: str, usual: int, largest: int | None) -> int:
    text = given.pop(name, None)
    if text is None:
        return usual
    valid = text.isascii() and text.isdigit() and len(text) <= MAX_NUMBER_DIGITS and int(text) > 0
    if not valid or (largest is not None and int(text) > largest):
        bounds = f"from 1 to {largest}" if largest is not None else "from 1"
        raise bad_parameter(name, f"{name} must be a number {bounds}")
    return int(text)


def _value(field: Field, text: str) -> Value:
    if field.optional and text == "null":
        return None
    try:
        return field.convert(field.from_query(text))
    except BrokenRuleError as error:
        raise bad_parameter(field.name, f"{field.name} {error.message}") from None
