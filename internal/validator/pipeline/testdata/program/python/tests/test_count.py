"""Tests of counting."""

import unittest

from program.count import lines


class CountTest(unittest.TestCase):
    """Lines are counted."""

    def test_lines(self) -> None:
        self.assertEqual(lines(["a\n", "b\n"]), 2)
