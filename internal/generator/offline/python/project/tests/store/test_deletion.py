"""What goes with a deleted row, and what holds it."""

import unittest

from service.domain.errors import ConflictError
from service.store.store import Store
from tests.store.sample import AUTHOR, BOOK, ENTITIES, LINKS, SCHEMA, author, book


class DeletionTest(unittest.TestCase):
    """Restrict, cascade and set_null, alone and together."""

    def setUp(self) -> None:
        self.store = Store(SCHEMA, ENTITIES, LINKS, None)
        self.addCleanup(self.store.close)

    def test_cascade_takes_rows_and_set_null_empties_references(self) -> None:
        with self.store.write() as tx:
            for name in ("a", "b"):
                tx.insert(AUTHOR, author(name))
            tx.insert(BOOK, book(1))
            tx.insert(BOOK, book(2, editor=1))
            tx.delete(AUTHOR, 1)
            self.assertEqual([row["id"] for row in tx.page(BOOK, [], 1, 10).rows], [2])
            self.assertIsNone(tx.get(BOOK, 2)["editor_id"])

    def test_restricting_row_refuses_the_whole(self) -> None:
        with self.store.write() as tx:
            tx.insert(AUTHOR, author("mentor"))
            tx.insert(AUTHOR, author("pupil", mentor=1))
            tx.insert(BOOK, book(1))
            with self.assertRaises(ConflictError) as caught:
                tx.delete(AUTHOR, 1)
            self.assertEqual(
                [(v.field, v.rule) for v in caught.exception.violations], [("id", "referenced")]
            )
            self.assertTrue(tx.exists("book", 1))

    def test_row_does_not_hold_itself(self) -> None:
        with self.store.write() as tx:
            tx.insert(AUTHOR, author("a"))
            tx.update(AUTHOR, 1, author("a", mentor=1))
            tx.delete(AUTHOR, 1)
            self.assertFalse(tx.exists("author", 1))
