"""Texts, addresses and identifiers."""

import unittest

from service.domain.errors import BrokenRuleError
from service.domain.fields import BoolField, EnumField, Field, NumberToken, ReferenceField
from service.domain.texts import EmailField, StringField, TextField, UrlField, UuidField


class TextsTest(unittest.TestCase):
    """Each kind of text by what it takes and what it refuses."""

    def assert_rule(self, field: Field, raw: object, rule: str) -> None:
        with self.subTest(field=field, raw=raw), self.assertRaises(BrokenRuleError) as caught:
            field.read(raw)
        self.assertEqual(caught.exception.rule, rule)

    def test_string_is_one_line_without_nul(self) -> None:
        field = StringField("title")
        for text in ("a", "", "  a ", "{{ '''\" % \\ }}", "日本語", "\u2028"):
            self.assertEqual(field.read(text), text)
        refused: tuple[object, ...] = ("a\nb", "a\r", "a\x00b", 7, True, None, [])
        for raw in refused:
            self.assert_rule(field, raw, "type")

    def test_text_has_many_lines(self) -> None:
        self.assertEqual(TextField("note").read("a\nb\r\n"), "a\nb\r\n")

    def test_lengths_count_code_points(self) -> None:
        self.assertEqual(StringField("code", length=2).read("😀é"), "😀é")
        self.assert_rule(StringField("code", length=2), "abc", "length")
        self.assert_rule(StringField("code", min_length=2), "😀", "min_length")
        self.assert_rule(StringField("code", max_length=2), "abc", "max_length")

    def test_email(self) -> None:
        longest = "a" * 242 + "@example.com"
        for raw in ("a@b.c", "Ada.L+x@Example.org", longest):
            self.assertEqual(EmailField("email").read(raw), raw)
        for raw in (
            "",
            "a",
            "a@b",
            "@b.c",
            "a@@b.c",
            "a b@c.d",
            "a@b.",
            "a@.c",
            "a" + longest,
            "a@b.c\n",
        ):
            self.assert_rule(EmailField("email"), raw, "type")

    def test_url(self) -> None:
        for raw in ("http://a", "https://example.com/x?y=1#z", "http://[::1]:80/"):
            self.assertEqual(UrlField("site").read(raw), raw)
        for raw in (
            "",
            "a",
            "ftp://a",
            "http://",
            "http:///x",
            "http://:80/",
            "http://a b",
            "http://[x/",
        ):
            self.assert_rule(UrlField("site"), raw, "type")
        self.assert_rule(UrlField("site"), "http://a/" + "x" * 2000, "type")

    def test_uuid_is_kept_in_lower_case(self) -> None:
        given = "123E4567-e89b-12d3-A456-426614174000"
        self.assertEqual(UuidField("key").read(given), given.lower())
        for raw in ("", given[:-1], given + "0", given.replace("-", ""), "{" + given + "}"):
            self.assert_rule(UuidField("key"), raw, "type")


class OthersTest(unittest.TestCase):
    """Booleans, enums and references."""

    def test_json_types_are_not_mixed_up(self) -> None:
        for field, refused in (
            (BoolField("done"), (0, 1, "true", None)),
            (ReferenceField("book_id", to="book"), (True, "1", None)),
            (EnumField("state", values=("open",)), (1, None)),
        ):
            for raw in refused:
                with (
                    self.subTest(field=field, raw=raw),
                    self.assertRaises(BrokenRuleError) as caught,
                ):
                    field.read(raw)
                self.assertEqual(caught.exception.rule, "type")

    def test_reference_of_any_size_is_an_integer(self) -> None:
        for raw, row_id in ((7, 7), (-7, -7), (NumberToken("9" * 40), 0)):
            self.assertEqual(ReferenceField("book_id", to="book").read(raw), row_id)

    def test_enum_takes_its_values_only(self) -> None:
        field = EnumField("state", values=("open", 'it\'s "done"\n'))
        self.assertEqual(field.read('it\'s "done"\n'), 'it\'s "done"\n')
        with self.assertRaises(BrokenRuleError) as caught:
            field.read("Open")
        self.assertEqual(caught.exception.rule, "enum")
