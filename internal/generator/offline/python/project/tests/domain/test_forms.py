"""Creation, replacement and change, with defaults and automatic times."""

import unittest
from datetime import UTC, datetime

from service.domain.entity import Entity
from service.domain.errors import InvalidError
from service.domain.fields import EnumField, ReferenceField
from service.domain.forms import changed_row, new_row, replaced_row
from service.domain.texts import StringField
from service.domain.times import DateTimeField

TASK = Entity(
    name="task",
    plural="tasks",
    fields=(
        StringField("title", max_length=5),
        EnumField("state", values=("open", "done"), default="open"),
        StringField("note", optional=True),
        ReferenceField("owner_id", to="owner", optional=True),
        DateTimeField("created_at", auto="creation"),
        DateTimeField("updated_at", auto="change"),
    ),
)
MORNING = datetime(2026, 1, 1, 9, tzinfo=UTC)
EVENING = datetime(2026, 1, 1, 21, tzinfo=UTC)


def nobody(_entity: str, _row_id: int) -> bool:
    """Stand in for an empty store."""
    return False


class FormsTest(unittest.TestCase):
    """What is given, what is filled in, and what is refused."""

    def setUp(self) -> None:
        self.row = new_row(TASK, {"title": "a", "note": "n"}, MORNING, nobody)

    def test_new_row_has_defaults_and_times(self) -> None:
        morning = "2026-01-01T09:00:00Z"
        expected = ["a", "open", "n", None, morning, morning]
        self.assertEqual(list(self.row.values()), expected)

    def test_replacement_resets_what_is_absent_and_keeps_the_creation(self) -> None:
        old = {**self.row, "state": "done"}
        row = replaced_row(TASK, {"title": "b"}, old, EVENING, nobody)
        expected = ["b", "open", None, None, "2026-01-01T09:00:00Z", "2026-01-01T21:00:00Z"]
        self.assertEqual(list(row.values()), expected)

    def test_change_keeps_what_is_absent_and_null_clears(self) -> None:
        old = {**self.row, "state": "done"}
        row = changed_row(TASK, {"note": None}, old, EVENING, nobody)
        self.assertEqual(row, {**old, "note": None, "updated_at": "2026-01-01T21:00:00Z"})

    def test_everything_wrong_is_listed_once_and_in_order(self) -> None:
        body: dict[str, object] = {
            "zeta": 1,
            "alpha": 1,
            "id": 1,
            "updated_at": "2026-01-01T09:00:00Z",
            "owner_id": 7,
            "state": "gone",
            "title": "too long",
        }
        with self.assertRaises(InvalidError) as caught:
            new_row(TASK, body, MORNING, nobody)
        self.assertEqual(
            [(v.field, v.rule) for v in caught.exception.violations],
            [
                ("id", "read_only"),
                ("title", "max_length"),
                ("state", "enum"),
                ("owner_id", "reference"),
                ("updated_at", "read_only"),
                ("alpha", "unknown"),
                ("zeta", "unknown"),
            ],
        )

    def test_blank_is_not_given(self) -> None:
        for blank in ("", " \t", None):
            with self.subTest(blank=blank), self.assertRaises(InvalidError) as caught:
                changed_row(TASK, {"title": blank}, self.row, EVENING, nobody)
            self.assertEqual([v.rule for v in caught.exception.violations], ["required"])
