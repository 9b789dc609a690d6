"""Unit tests of the facts."""

import unittest

from program.digits import digits
from program.letters import letters
from program.lines import lines
from program.longest import longest
from program.palindromes import palindromes
from program.vowels import vowels
from program.words import words


class FactsTest(unittest.TestCase):
    """Every rule of the Spec."""

    def test_lines(self):
        self.assertEqual([lines(""), lines("a"), lines("a\n"), lines("a\n\nb")], [0, 1, 1, 3])

    def test_words(self):
        self.assertEqual([words(" \n"), words("a  b\tc")], [0, 3])

    def test_characters(self):
        self.assertEqual([letters("aΩ1-"), digits("a12"), vowels("Adieu")], [2, 2, 4])

    def test_longest(self):
        self.assertEqual([longest(""), longest("a bcd")], [0, 3])

    def test_palindromes(self):
        self.assertEqual([palindromes("a b"), palindromes("Otto word")], [0, 1])


if __name__ == "__main__":
    unittest.main()
