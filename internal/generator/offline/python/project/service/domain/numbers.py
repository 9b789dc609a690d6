"""Integers and exact decimals. No value ever passes through a float."""

import re
from dataclasses import dataclass
from decimal import Decimal

from service.domain.errors import BrokenRuleError
from service.domain.fields import INTEGER, MAX_INT, MAX_INT_DIGITS, Field, NumberToken, Value

MAX_DIGITS = 30
DECIMAL = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")


@dataclass(frozen=True, kw_only=True)
class NumberField(Field):
    """What integers and decimals share: bounds. They are exact too."""

    min: int | Decimal | None = None
    max: int | Decimal | None = None
    above: int | Decimal | None = None
    below: int | Decimal | None = None

    def check(self, value: Value) -> None:
        """Refuse a value outside the bounds, in the documented order of the rules."""
        number = Decimal(value) if isinstance(value, str) else value
        if number is None:
            return
        if self.min is not None and number < self.min:
            raise BrokenRuleError("min", f"must be at least {self.min}")
        if self.max is not None and number > self.max:
            raise BrokenRuleError("max", f"must be at most {self.max}")
        if self.above is not None and number <= self.above:
            raise BrokenRuleError("exclusive_min", f"must be greater than {self.above}")
        if self.below is not None and number >= self.below:
            raise BrokenRuleError("exclusive_max", f"must be less than {self.below}")


@dataclass(frozen=True, kw_only=True)
class IntField(NumberField):
    """A whole number that every JSON reader keeps exactly."""

    def convert(self, raw: object) -> int:
        """Take an integer token; 1.0 and 1e3 are none."""
        if type(raw) is not int or not -MAX_INT <= raw <= MAX_INT:
            raise BrokenRuleError("type", f"must be an integer from -{MAX_INT} to {MAX_INT}")
        return raw

    def from_query(self, text: str) -> object:
        """Read the digits."""
        return int(text) if INTEGER.fullmatch(text) and len(text) <= MAX_INT_DIGITS else text


@dataclass(frozen=True, kw_only=True)
class DecimalField(NumberField):
    """An exact decimal, kept as a string with the digits that were given."""

    def convert(self, raw: object) -> str:
        """Take a string or a number token, and drop superfluous zeros in front and the sign of zero."""
        match = DECIMAL.fullmatch(decimal_text(raw))
        if match is None:
            raise BrokenRuleError("type", "must be a decimal number such as 12.50")
        sign, whole, fraction = match[1], match[2], match[3] or ""
        if len(whole) + len(fraction) > MAX_DIGITS:
            raise BrokenRuleError("type", f"must have at most {MAX_DIGITS} digits")
        digits = (whole.lstrip("0") or "0") + (f".{fraction}" if fraction else "")
        return digits if not digits.strip("0.") else sign + digits


def decimal_text(raw: object) -> str:
    """Return the digits of a JSON value that may be a decimal, and "" for any other."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, NumberToken):
        return raw.text
    return str(raw) if type(raw) is int else ""


def decimal_key(value: str) -> str:
    """Return the form in which equal decimals are equal strings: 1.0 and 1 are both "1"."""
    return value.rstrip("0").rstrip(".") if "." in value else value
