"""What every field has in common, and the fields whose rules need no file of their own.

A value is kept in the form in which it is answered: a decimal as its digits, a date as `2026-02-28`. So what was
accepted once comes back the same, digit for digit, and nothing on the way can round it.
"""

import re
from dataclasses import dataclass
from dataclasses import field as member
from typing import Literal, TypeAlias

from service.domain.errors import BrokenRuleError

Value: TypeAlias = str | int | bool | None
Row: TypeAlias = dict[str, Value]

MAX_INT = 2**53 - 1  # the largest integer that every JSON reader keeps exactly
MAX_INT_DIGITS = 18  # more than MAX_INT has; the digits of a longer integer are kept as text
INTEGER = re.compile(r"-?[0-9]+", re.ASCII)
NO_ROW = 0  # an id that no row has


@dataclass(frozen=True, slots=True)
class NumberToken:
    """A JSON number that is no small integer, kept as it was written."""

    text: str


@dataclass(frozen=True, kw_only=True)
class Field:
    """One value of an entity: its name in JSON and the rules for it."""

    name: str = member(kw_only=False)
    optional: bool = False
    unique: bool = False
    default: Value = None
    auto: Literal["", "creation", "change"] = ""  # when the service itself sets it

    @property
    def required(self) -> bool:
        """Whether a caller must give a value."""
        return not self.optional and not self.auto and self.default is None

    def read(self, raw: object) -> Value:
        """Return the canonical form of a JSON value, or raise BrokenRuleError with the first broken rule."""
        value = self.convert(raw)
        self.check(value)
        return value

    def convert(self, raw: object) -> Value:
        """Return the canonical form of a JSON value of the right type."""
        raise NotImplementedError

    def check(self, value: Value) -> None:
        """Refuse a value that is out of the field's bounds."""

    def from_query(self, text: str) -> object:
        """Return the JSON value that a query parameter stands for."""
        return text


@dataclass(frozen=True, kw_only=True)
class BoolField(Field):
    """True or false."""

    def convert(self, raw: object) -> bool:
        """Take only the JSON words, not numbers or strings that look like them."""
        if not isinstance(raw, bool):
            raise BrokenRuleError("type", "must be true or false")
        return raw

    def from_query(self, text: str) -> object:
        """Read the words as JSON writes them."""
        return {"true": True, "false": False}.get(text, text)


@dataclass(frozen=True, kw_only=True)
class EnumField(Field):
    """One of a closed list of words."""

    values: tuple[str, ...] = ()

    def convert(self, raw: object) -> str:
        """Take one of the values, in their own letters."""
        if not isinstance(raw, str):
            raise BrokenRuleError("type", "must be a string")
        if raw not in self.values:
            raise BrokenRuleError("enum", "must be one of " + ", ".join(self.values))
        return raw


@dataclass(frozen=True, kw_only=True)
class ReferenceField(Field):
    """The id of a row of another entity. Whether that row exists is asked where rows are known."""

    to: str = ""
    on_delete: Literal["restrict", "cascade", "set_null"] = "restrict"

    def convert(self, raw: object) -> int:
        """Take an integer; bool is an int in Python but not in JSON."""
        if type(raw) is int:
            return raw
        if isinstance(raw, NumberToken) and INTEGER.fullmatch(raw.text):
            return NO_ROW  # no id has so many digits
        raise BrokenRuleError("type", "must be an integer")

    def from_query(self, text: str) -> object:
        """Read an id, which is never zero or negative."""
        return int(text) if is_id(text) else text


def is_id(text: str) -> bool:
    """Whether the text is a positive integer that could be an id."""
    return 0 < len(text) <= 16 and text.isascii() and text.isdigit() and text[0] != "0"
