"""Only a JSON object is a body."""

import unittest

from service.domain.fields import NumberToken
from service.web.body import read_object
from service.web.messages import ProblemError, Request


def read(raw: bytes) -> dict[str, object]:
    """Read a body."""
    return read_object(Request("POST", "/", body=raw))


class BodyTest(unittest.TestCase):
    """What JSON becomes, and what is no JSON."""

    def test_numbers_stay_as_they_were_written(self) -> None:
        content = read(b'{"a":1,"b":1.10,"c":1e5,"d":123456789012345678901234567890}')
        self.assertEqual(content["a"], 1)
        self.assertEqual(content["b"], NumberToken("1.10"))
        self.assertEqual(content["c"], NumberToken("1e5"))
        self.assertEqual(content["d"], NumberToken("123456789012345678901234567890"))

    def test_text_of_any_script(self) -> None:
        self.assertEqual(read('{"a":"日本 😀 \\ud83d\\ude00"}'.encode()), {"a": "日本 😀 😀"})

    def test_everything_else_is_refused(self) -> None:
        for raw in (
            b"",
            b"{",
            b"[]",
            b"1",
            b"null",
            b'{"a":1,"a":2}',
            b'{"a":{"b":1,"b":1}}',
            b'{"a":NaN}',
            b'{"a":-Infinity}',
            b'{"a":01}',
            b'{"a":"\n"}',
            b"\xef\xbb\xbf{}",
            b'{"a":"\xff"}',
            b'{"a":"\\ud800"}',
            b'{"\\udfff":1}',
            '{"a":1}'.encode("utf-16"),
            b'{"a":' + b"[" * 500_000,
            b"{} {}",
        ):
            with self.subTest(raw=raw[:20]), self.assertRaises(ProblemError) as caught:
                read(raw)
            self.assertEqual(caught.exception.status, 400)
