import unittest

from service.numbers import Store


class StoreTest(unittest.TestCase):
    def test_add(self):
        store = Store()
        store.add(2)
        self.assertEqual(store.add(3), 5)
