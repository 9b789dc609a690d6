"""Integers and decimals are exact, and only numbers are numbers."""

import unittest
from decimal import Decimal

from service.domain.errors import BrokenRuleError
from service.domain.fields import MAX_INT, NumberToken
from service.domain.numbers import DecimalField, IntField, decimal_key


class DecimalTest(unittest.TestCase):
    """Decimals keep their digits."""

    def test_canonical_form(self) -> None:
        cases: list[tuple[object, str]] = [
            ("12.50", "12.50"),
            ("007.10", "7.10"),
            ("000", "0"),
            ("-0.00", "0.00"),
            ("-01.5", "-1.5"),
            (NumberToken("0.10"), "0.10"),
            (42, "42"),
            ("9" * 30, "9" * 30),
            ("0.1" + "0" * 28, "0.1" + "0" * 28),
        ]
        for raw, expected in cases:
            with self.subTest(raw=raw):
                self.assertEqual(DecimalField("price").read(raw), expected)

    def test_other_forms_are_refused(self) -> None:
        refused = ["", " 1", "1.", ".5", "+1", "1e5", "1,5", "NaN", "9" * 31, "١", "1\n"]
        others: list[object] = [NumberToken("1e5"), True, None, 1.5, [], {}]
        for raw in [*refused, *others]:
            with self.subTest(raw=raw), self.assertRaises(BrokenRuleError) as caught:
                DecimalField("price").read(raw)
            self.assertEqual(caught.exception.rule, "type")

    def test_equal_values_have_equal_keys(self) -> None:
        for value, key in [("1.0", "1"), ("1", "1"), ("10", "10"), ("0.00", "0"), ("1.50", "1.5")]:
            with self.subTest(value=value):
                self.assertEqual(decimal_key(value), key)

    def test_bounds_are_exact(self) -> None:
        field = DecimalField("price", min=Decimal("0.1"), below=1)
        self.assertEqual(field.read("0.10"), "0.10")
        self.assertEqual(field.read("0.9999999999999999999999"), "0.9999999999999999999999")
        for raw, rule in [("0.0999999999999999999999", "min"), ("1.000", "exclusive_max")]:
            with self.subTest(raw=raw), self.assertRaises(BrokenRuleError) as caught:
                field.read(raw)
            self.assertEqual(caught.exception.rule, rule)


class IntTest(unittest.TestCase):
    """Integers are integers."""

    def test_range_that_every_json_reader_keeps(self) -> None:
        field = IntField("count")
        for number in (0, -1, MAX_INT, -MAX_INT):
            self.assertEqual(field.read(number), number)
        refused = (MAX_INT + 1, -MAX_INT - 1, True, "1", NumberToken("1.0"), None)
        for raw in refused:
            with self.subTest(raw=raw), self.assertRaises(BrokenRuleError) as caught:
                field.read(raw)
            self.assertEqual(caught.exception.rule, "type")

    def test_rules_apply_in_their_order(self) -> None:
        field = IntField("count", min=1, max=9, above=0, below=10)
        for raw, rule in [(0, "min"), (10, "max")]:
            with self.subTest(raw=raw), self.assertRaises(BrokenRuleError) as caught:
                field.read(raw)
            self.assertEqual(caught.exception.rule, rule)
