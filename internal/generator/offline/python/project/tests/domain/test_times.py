"""Days and points in time."""

import unittest
from datetime import UTC, datetime

from service.domain.errors import BrokenRuleError
from service.domain.fields import Field
from service.domain.times import DateField, DateTimeField, stamp


class TimesTest(unittest.TestCase):
    """Only what is in the calendar is accepted."""

    def assert_type(self, field: Field, raw: object) -> None:
        with self.subTest(raw=raw), self.assertRaises(BrokenRuleError) as caught:
            field.read(raw)
        self.assertEqual(caught.exception.rule, "type")

    def test_date(self) -> None:
        for day in ("2026-02-28", "2024-02-29", "0001-01-01", "9999-12-31"):
            self.assertEqual(DateField("day").read(day), day)
        refused: tuple[object, ...] = (
            "2026-02-30",
            "2025-02-29",
            "0000-01-01",
            "20260228",
            "2026-W09-6",
            "2026-2-28",
            "",
            7,
            None,
        )
        for raw in refused:
            self.assert_type(DateField("day"), raw)

    def test_datetime_is_kept_in_utc(self) -> None:
        for raw, expected in (
            ("2026-02-28T09:30:00Z", "2026-02-28T09:30:00Z"),
            ("2026-02-28T00:30:00+02:00", "2026-02-27T22:30:00Z"),
            ("2026-02-28T09:30:00.120000-00:30", "2026-02-28T10:00:00.12Z"),
            ("2026-02-28T09:30:00.000Z", "2026-02-28T09:30:00Z"),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ):
            with self.subTest(raw=raw):
                self.assertEqual(DateTimeField("at").read(raw), expected)

    def test_other_times_are_refused(self) -> None:
        for raw in (
            "2026-02-28",
            "2026-02-28T09:30:00",
            "2026-02-28 09:30:00Z",
            "2026-02-28T24:00:00Z",
            "2026-02-28T09:30:60Z",
            "2026-02-28T09:30:00.1234567Z",
            "2026-02-28T09:30:00+01:75",
            "2026-02-30T09:30:00Z",
            "0001-01-01T00:00:00+01:00",
            7,
        ):
            self.assert_type(DateTimeField("at"), raw)

    def test_stamps(self) -> None:
        now = datetime(2026, 2, 28, 9, 30, 0, 500000, tzinfo=UTC)
        self.assertEqual(stamp(DateField("made_on", auto="creation"), now), "2026-02-28")
        self.assertEqual(
            stamp(DateTimeField("made_at", auto="creation"), now), "2026-02-28T09:30:00.5Z"
        )
