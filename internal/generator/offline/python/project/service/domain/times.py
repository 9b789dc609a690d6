"""Calendar days and points in time."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime

from service.domain.errors import BrokenRuleError
from service.domain.fields import Field

DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
DATETIME = re.compile(
    DATE.pattern + "T" + CLOCK + r":[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]" + CLOCK + ")"
)


@dataclass(frozen=True, kw_only=True)
class DateField(Field):
    """A day of the calendar, without a time zone."""

    def convert(self, raw: object) -> str:
        """Take a day that exists."""
        try:
            if isinstance(raw, str) and DATE.fullmatch(raw):
                return date.fromisoformat(raw).isoformat()
        except ValueError:
            pass  # the thirtieth of February, or the year 0
        raise BrokenRuleError("type", "must be a date such as 2026-02-28")


@dataclass(frozen=True, kw_only=True)
class DateTimeField(Field):
    """A point in time, kept in UTC."""

    def convert(self, raw: object) -> str:
        """Take RFC 3339 with Z or an offset."""
        try:
            if isinstance(raw, str) and DATETIME.fullmatch(raw):
                return canonical(datetime.fromisoformat(raw))
        except (ValueError, OverflowError):
            pass  # a day that does not exist, or one outside the calendar once it is in UTC
        raise BrokenRuleError("type", "must be a time such as 2026-02-28T09:30:00Z")


def canonical(moment: datetime) -> str:
    """Write a point in time in UTC, with a fraction only where there is one."""
    text = moment.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (text.rstrip("0") if "." in text else text) + "Z"


def stamp(field: Field, now: datetime) -> str:
    """Return what the service sets an automatic field to."""
    if isinstance(field, DateField):
        return now.astimezone(UTC).date().isoformat()
    return canonical(now)
