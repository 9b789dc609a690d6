"""Fields that are written as text: lines, texts, addresses and identifiers."""

import re
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import urlsplit

from service.domain.errors import BrokenRuleError
from service.domain.fields import Field, Value

LINE_BREAK = re.compile(r"[\n\r]")
WHITE_SPACE = re.compile(r"\s")
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
MAX_EMAIL = 254
MAX_URL = 2000


@dataclass(frozen=True, kw_only=True)
class TextField(Field):
    """Any text, of several lines perhaps. Lengths count Unicode code points."""

    length: int = 0
    min_length: int = 0
    max_length: int = 0

    def convert(self, raw: object) -> str:
        """Take a string without U+0000, which many programs take for the end of a text."""
        if not isinstance(raw, str):
            raise BrokenRuleError("type", "must be a string")
        if "\x00" in raw:
            raise BrokenRuleError("type", "must not contain the character U+0000")
        return raw

    def check(self, value: Value) -> None:
        """Refuse a text that is too short or too long."""
        count = len(str(value))
        if self.length and count != self.length:
            raise BrokenRuleError("length", f"must have exactly {self.length} characters")
        if count < self.min_length:
            raise BrokenRuleError("min_length", f"must have at least {self.min_length} characters")
        if self.max_length and count > self.max_length:
            raise BrokenRuleError("max_length", f"must have at most {self.max_length} characters")


@dataclass(frozen=True, kw_only=True)
class StringField(TextField):
    """A text of one line."""

    def convert(self, raw: object) -> str:
        """Take a text without a line break."""
        text = super().convert(raw)
        if LINE_BREAK.search(text):
            raise BrokenRuleError("type", "must be a single line")
        return text


@dataclass(frozen=True, kw_only=True)
class EmailField(TextField):
    """An e-mail address, as far as its form can tell."""

    def convert(self, raw: object) -> str:
        """Take one @, something before it, and a dot within what follows."""
        text = super().convert(raw)
        if len(text) > MAX_EMAIL or not EMAIL.fullmatch(text):
            raise BrokenRuleError("type", "must be an e-mail address")
        return text


@dataclass(frozen=True, kw_only=True)
class UrlField(TextField):
    """An address on the web."""

    def convert(self, raw: object) -> str:
        """Take http or https with a host."""
        text = super().convert(raw)
        if len(text) > MAX_URL or WHITE_SPACE.search(text) or not has_web_host(text):
            raise BrokenRuleError("type", "must be an http or https URL")
        return text


@dataclass(frozen=True, kw_only=True)
class UuidField(TextField):
    """A UUID, kept in lower case."""

    def convert(self, raw: object) -> str:
        """Take 8-4-4-4-12 hexadecimal digits."""
        text = super().convert(raw)
        if not UUID.fullmatch(text):
            raise BrokenRuleError("type", "must be a UUID")
        return text.lower()


def fold(text: str) -> str:
    """Return the text in letters that are compared without case: those that Unicode folds one to one."""
    return text.lower() if text.isascii() else "".join(map(_fold_letter, text))


@lru_cache(maxsize=4096)
def _fold_letter(letter: str) -> str:
    """Fold one letter; one that would become several stays as it is, in its small form where it has one."""
    return next((f for f in (letter.casefold(), letter.lower()) if len(f) == 1), letter)


def has_web_host(text: str) -> bool:
    """Whether the text is an http or https URL that names a host."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:  # brackets that hold no IPv6 address
        return False
