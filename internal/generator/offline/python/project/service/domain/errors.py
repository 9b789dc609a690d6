"""The refusals of the domain: which field broke which rule, in words for the caller."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule of one field."""

    field: str
    rule: str
    message: str


class BrokenRuleError(Exception):
    """A value breaks a rule of its field. The message ends the sentence "<field> ..."."""

    def __init__(self, rule: str, message: str) -> None:
        super().__init__(message)
        self.rule = rule
        self.message = message


class InvalidError(Exception):
    """A row cannot be taken as it was given; every broken field is listed, each with its first rule."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__(", ".join(v.message for v in violations))
        self.violations = violations


class ConflictError(Exception):
    """The change is valid in itself, but the rows that are there do not allow it."""

    def __init__(self, violations: list[Violation]) -> None:
        super().__init__(", ".join(v.message for v in violations))
        self.violations = violations


class NotFoundError(Exception):
    """There is no such row."""
