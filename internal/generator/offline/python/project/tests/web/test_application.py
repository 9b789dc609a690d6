"""The rows over HTTP, and everything that is no row."""

import json
import logging
import unittest
from unittest import mock

from service.web.messages import Response
from tests.web.client import library

KEY = "a key of this test"


class RowsTest(unittest.TestCase):
    """The life of rows."""

    def setUp(self) -> None:
        store, self.client = library()
        self.addCleanup(store.close)
        self.client.send("POST", "/authors", {"name": "Ada"})

    def test_create_get_replace_change_delete(self) -> None:
        created = self.client.send("POST", "/books", {"author_id": 1, "price": "1.50"})
        self.assertEqual((created.status, dict(created.headers)["Location"]), (201, "/books/1"))
        row = {
            "id": 1,
            "isbn": None,
            "price": "1.50",
            "lent": False,
            "author_id": 1,
            "editor_id": None,
        }
        self.assertEqual(list(json.loads(created.body).items()), list(row.items()))
        self.assertEqual(self.client.json("GET", "/books/1"), row)
        self.assertEqual(
            self.client.json("PUT", "/books/1", {"author_id": 1, "lent": True})["price"], None
        )
        self.assertEqual(self.client.json("PATCH", "/books/1", {"isbn": "x"})["lent"], True)
        self.assertEqual(self.client.send("DELETE", "/authors/1").status, 204)
        self.assertEqual(self.client.send("GET", "/books/1").status, 404)

    def test_list(self) -> None:
        for name in "bcd":
            self.client.send("POST", "/authors", {"name": name})
        self.assertEqual(
            self.client.json("GET", "/authors?page=2"),
            {
                "items": [
                    {"id": 3, "name": "c", "mentor_id": None},
                    {"id": 4, "name": "d", "mentor_id": None},
                ],
                "page": 2,
                "page_size": 2,
                "total": 4,
            },
        )
        self.assertEqual(self.client.json("GET", "/authors?q=aD&page=9")["total"], 1)

    def test_links(self) -> None:
        self.client.send("POST", "/books", {"author_id": 1})
        self.client.send("POST", "/tags", {"name": "new"})
        for method, path, status in (
            ("PUT", "/books/1/tags/1", 204),
            ("PUT", "/books/1/tags/1", 204),
            ("PUT", "/books/1/tags/2", 404),
            ("GET", "/books/2/tags", 404),
            ("POST", "/books/1/tags", 405),
        ):
            with self.subTest(method=method, path=path):
                self.assertEqual(self.client.send(method, path).status, status)
        self.assertEqual(self.client.json("GET", "/books/1/tags")["total"], 1)
        self.assertEqual(self.client.json("GET", "/tags/1/books?author_id=1")["total"], 1)
        self.assertEqual(self.client.send("DELETE", "/books/1/tags/1").status, 204)
        self.assertEqual(self.client.send("DELETE", "/books/1/tags/1").status, 404)

    def test_refused_row_is_a_problem_that_names_fields(self) -> None:
        refused = self.client.send("POST", "/books", {"author_id": 9, "price": "x"})
        self.assertEqual((refused.status, refused.content_type), (422, "application/problem+json"))
        problem = json.loads(refused.body)
        self.assertEqual(list(problem), ["type", "title", "status", "detail", "errors"])
        self.assertEqual([e["rule"] for e in problem["errors"]], ["type", "reference"])
        self.client.send("POST", "/books", {"author_id": 1, "isbn": "x"})
        taken = self.client.json("POST", "/books", {"author_id": 1, "isbn": "x"})
        self.assertEqual((taken["status"], taken["errors"][0]["rule"]), (409, "unique"))


class ProtocolTest(unittest.TestCase):
    """Paths, methods, contents and faults."""

    def setUp(self) -> None:
        store, self.client = library()
        self.addCleanup(store.close)

    def test_paths_and_methods(self) -> None:
        for method, path, status in (
            ("GET", "/healthz", 200),
            ("HEAD", "/authors", 200),
            ("GET", "/", 404),
            ("GET", "/authors/", 404),
            ("GET", "/books/0", 404),
            ("GET", "/books/01", 404),
            ("GET", "/books/x", 404),
            ("GET", "/books/" + "9" * 40, 404),
            ("GET", "/books/{id}", 404),
            ("PUT", "/authors", 405),
            ("BREW", "/authors", 405),
            ("GET", "/authors?x=1", 400),
        ):
            with self.subTest(method=method, path=path):
                self.assertEqual(self.client.send(method, path).status, status)

    def test_allow_lists_the_methods(self) -> None:
        self.assertIn(("Allow", "GET, HEAD, POST"), self.client.send("PUT", "/authors").headers)

    def test_contents(self) -> None:
        merge = {"Content-Type": "application/merge-patch+json"}
        plain = {"Content-Type": "text/plain"}
        charset = {"Content-Type": "Application/JSON; charset=utf-8"}
        body = b'{"name":"a"}'
        for method, path, headers, raw, status in (
            ("POST", "/authors", {}, body, 201),
            ("POST", "/authors", charset, body, 201),
            ("POST", "/authors", plain, body, 415),
            ("POST", "/authors", merge, body, 415),
            ("PATCH", "/books/9", merge, b"{}", 404),
            ("POST", "/authors", {}, None, 413),
            ("POST", "/authors", {}, b"", 400),
            ("GET", "/authors", plain, b"", 200),
        ):
            with self.subTest(method=method, headers=headers, status=status):
                self.assertEqual(
                    self.client.send(method, path, raw=raw, headers=headers).status, status
                )

    def test_fault_tells_nothing(self) -> None:
        logging.disable()
        self.addCleanup(logging.disable, logging.NOTSET)
        with mock.patch("service.web.resources.read_listing", side_effect=RuntimeError("secret")):
            answer = self.client.send("GET", "/authors")
        self.assertEqual(answer.status, 500)
        self.assertNotIn(b"secret", answer.body)


class KeyTest(unittest.TestCase):
    """A protected service."""

    def send(self, path: str, headers: dict[str, str]) -> Response:
        store, client = library(KEY)
        self.addCleanup(store.close)
        return client.send("GET", path, headers=headers)

    def test_right_key_opens(self) -> None:
        for headers in (
            {"X-API-Key": KEY},
            {"Authorization": f"Bearer {KEY}"},
            {"Authorization": f"bearer {KEY}"},
        ):
            with self.subTest(headers=headers):
                self.assertEqual(self.send("/authors", headers).status, 200)

    def test_any_other_does_not(self) -> None:
        for key in ("", KEY[:-1], KEY + "x", "ÿ"):
            for headers in (
                {"X-API-Key": key},
                {"Authorization": f"Bearer {key}"},
                {"Authorization": key},
            ):
                with self.subTest(headers=headers):
                    self.assertEqual(self.send("/authors", headers).status, 401)

    def test_some_paths_are_open(self) -> None:
        self.assertEqual(self.send("/healthz", {}).status, 200)
        self.assertEqual(self.send("/openapi.json", {}).body, b'{"openapi":"3.1.0"}')
