"""Tries the rules of an entity; each entity's own test says with which values."""

import random
import unittest
from datetime import UTC, datetime

from service.domain.entity import Entity
from service.domain.errors import InvalidError
from service.domain.fields import Row
from service.domain.forms import Body, changed_row, new_row, replaced_row

NOW = datetime(2026, 2, 28, 9, 30, tzinfo=UTC)
TRIES = 50


def only_row_one(_entity: str, row_id: int) -> bool:
    """Stand in for rows: of every entity there is the one with id 1."""
    return row_id == 1


class RulesTest(unittest.TestCase):
    """Tries every rule of every field from both sides."""

    entity: Entity
    example: Body
    accepted: tuple[tuple[str, object], ...] = ()
    refused: tuple[tuple[str, object, str], ...] = ()

    def create(self, changes: Body) -> Row:
        return new_row(self.entity, self.example | changes, NOW, only_row_one)

    def assert_refused(self, field: str, value: object, rule: str) -> None:
        with self.assertRaises(InvalidError) as caught:
            self.create({field: value})
        broken = [(v.field, v.rule) for v in caught.exception.violations]
        self.assertEqual(broken, [(field, rule)])

    def test_example_is_accepted_in_the_order_of_the_fields(self) -> None:
        self.assertEqual(list(self.create({})), [field.name for field in self.entity.fields])

    def test_values_within_the_rules_are_accepted(self) -> None:
        for field, value in self.accepted:
            with self.subTest(field=field, value=value):
                self.assertIn(field, self.create({field: value}))

    def test_values_that_break_a_rule_are_refused_by_its_name(self) -> None:
        for field, value, rule in self.refused:
            with self.subTest(field=field, value=value):
                self.assert_refused(field, value, rule)

    def test_refused_value_stays_refused_whatever_else_is_given(self) -> None:
        rules = random.Random(1)  # noqa: S311 - the same tries in every run
        for _ in range(TRIES if self.refused else 0):
            field, value, rule = rules.choice(self.refused)
            kept = {k: v for k, v in self.example.items() if rules.random() < 0.5}
            with self.assertRaises(InvalidError) as caught:
                new_row(self.entity, kept | {field: value}, NOW, only_row_one)
            self.assertIn((field, rule), [(v.field, v.rule) for v in caught.exception.violations])

    def test_every_required_field_is_named_when_nothing_is_given(self) -> None:
        required = [field.name for field in self.entity.fields if field.required]
        if not required:
            self.assertIsNotNone(new_row(self.entity, {}, NOW, only_row_one))
            return
        with self.assertRaises(InvalidError) as caught:
            new_row(self.entity, {}, NOW, only_row_one)
        self.assertEqual([v.field for v in caught.exception.violations], required)

    def test_id_and_unknown_fields_are_refused(self) -> None:
        self.assert_refused("id", 7, "read_only")
        self.assert_refused("no such field", 7, "unknown")

    def test_change_of_nothing_keeps_every_value_that_a_caller_sets(self) -> None:
        row = self.create({})
        changed = changed_row(self.entity, {}, row, NOW, only_row_one)
        self.assertEqual(changed, row)

    def test_replacement_by_itself_changes_nothing(self) -> None:
        row = self.create({})
        given: Body = {
            field.name: row[field.name] for field in self.entity.fields if not field.auto
        }
        self.assertEqual(replaced_row(self.entity, given, row, NOW, only_row_one), row)
