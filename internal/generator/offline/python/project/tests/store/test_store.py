"""Rows, uniqueness, lists and links, in memory."""

import unittest

from service.domain.errors import ConflictError, NotFoundError
from service.store.store import Store
from service.store.table import equals
from tests.store.sample import AUTHOR, BOOK, ENTITIES, LINKS, SCHEMA, TAG, author, book


class StoreTest(unittest.TestCase):
    """What is written is read again, as long as no rule of uniqueness speaks against it."""

    def setUp(self) -> None:
        self.store = Store(SCHEMA, ENTITIES, LINKS, None)
        self.addCleanup(self.store.close)
        with self.store.write() as tx:
            tx.insert(AUTHOR, author("Élodie Straße"))

    def test_row_comes_back_as_it_was_given(self) -> None:
        with self.store.write() as tx:
            tx.insert(BOOK, book(1, "x", "12.50"))
        with self.store.read() as tx:
            expected = {"id": 1, **book(1, "x", "12.50")}
            self.assertEqual(list(tx.get(BOOK, 1).items()), list(expected.items()))
            self.assertIs(tx.get(BOOK, 1)["lent"], False)

    def test_missing_row(self) -> None:
        with self.store.write() as tx:
            for call in (lambda: tx.get(BOOK, 1), lambda: tx.delete(BOOK, 1)):
                self.assertRaises(NotFoundError, call)
            self.assertFalse(tx.exists("author", 2**70))

    def test_unique_values_conflict_by_value(self) -> None:
        with self.store.write() as tx:
            tx.insert(BOOK, book(1, "x", "1.0"))
            with self.assertRaises(ConflictError) as caught:
                tx.insert(BOOK, book(1, "x", "1"))
            broken = [(v.field, v.rule) for v in caught.exception.violations]
            self.assertEqual(broken, [("isbn", "unique")])
            with self.assertRaises(ConflictError) as caught:
                tx.insert(BOOK, book(1, "y", "1"))
            self.assertEqual(caught.exception.violations[0].field, "price")
            tx.update(BOOK, 1, book(1, "x", "1"))  # a row does not conflict with itself
            tx.insert(BOOK, book(1))
            tx.insert(BOOK, book(1))  # any number of rows may have no value
            tx.insert(BOOK, book(1, "X", "10"))

    def test_error_undoes_the_whole_transaction(self) -> None:
        with self.assertRaises(ConflictError), self.store.write() as tx:
            tx.insert(BOOK, book(1, "x"))
            tx.insert(BOOK, book(1, "x"))
        with self.store.read() as tx:
            self.assertEqual(tx.page(BOOK, [], 1, 10).total, 0)

    def test_ids_are_never_used_twice(self) -> None:
        with self.store.write() as tx:
            tx.insert(TAG, {"name": "a"})
            tx.delete(TAG, 1)
            self.assertEqual(tx.insert(TAG, {"name": "b"})["id"], 2)

    def test_pages_are_ascending_and_end(self) -> None:
        with self.store.write() as tx:
            for name in "abcde":
                tx.insert(TAG, {"name": name})
        with self.store.read() as tx:
            page = tx.page(TAG, [], 2, 2)
            self.assertEqual(([row["id"] for row in page.rows], page.total), ([3, 4], 5))
            self.assertEqual(tx.page(TAG, [], 10**15, 100).rows, [])

    def test_search_compares_letters_without_case(self) -> None:
        with self.store.read() as tx:
            table = tx.tables["author"]
            for text, found in (("ÉLO", 1), ("STRASSE", 0), ("STRAẞE", 1), ("%", 0), ("", 1)):
                with self.subTest(text=text):
                    self.assertEqual(tx.page(AUTHOR, [table.contains(text)], 1, 10).total, found)

    def test_filters_compare_by_value(self) -> None:
        price = BOOK.by_name["price"]
        with self.store.write() as tx:
            tx.insert(BOOK, book(1, price="2.50"))
            tx.insert(BOOK, book(1))
            for value, found in (("2.5", [1]), ("2.500", [1]), ("25", []), (None, [2])):
                with self.subTest(value=value):
                    rows = tx.page(BOOK, [equals(price, value)], 1, 10).rows
                    self.assertEqual([row["id"] for row in rows], found)

    def test_links(self) -> None:
        with self.store.write() as tx:
            tx.insert(BOOK, book(1))
            tx.insert(TAG, {"name": "a"})
            links = tx.links["book.tag"]
            links.add(tx.connection, 1, 1)
            links.add(tx.connection, 1, 1)
            self.assertEqual(tx.page(TAG, [links.linked_to_left(1)], 1, 10).total, 1)
            self.assertEqual(tx.page(BOOK, [links.linked_to_right(1)], 1, 10).total, 1)
            tx.delete(TAG, 1)
            self.assertFalse(links.remove(tx.connection, 1, 1))
