"""Sends requests to an application without a socket between them."""

import json
from dataclasses import dataclass
from typing import Any

from service.store.store import Store
from service.web.application import Application
from service.web.linked import LinkResource
from service.web.messages import JSON, Request, Response
from service.web.query import PageSize
from service.web.resources import Resource
from service.web.routing import Route
from tests.store.sample import AUTHOR, BOOK, ENTITIES, LINKS, SCHEMA, TAG

SIZES = PageSize(usual=2, largest=100)


@dataclass
class Client:
    """A caller of an application."""

    application: Application

    def send(
        self,
        method: str,
        target: str,
        content: object = None,
        *,
        raw: bytes | None = b"",
        headers: dict[str, str] | None = None,
    ) -> Response:
        """Send one request; content is written as JSON, raw as it is."""
        path, _, query = target.partition("?")
        body = json.dumps(content).encode() if content is not None else raw
        given = {"Content-Type": JSON} if headers is None else headers
        return self.application.respond(Request(method, path, query, given, body))

    def json(self, method: str, target: str, content: object = None) -> Any:  # noqa: ANN401 - it is JSON
        """Send one request and return the JSON of the answer."""
        return json.loads(self.send(method, target, content).body)


def library(api_key: str | None = None) -> tuple[Store, Client]:
    """Return the sample library, in memory."""
    store = Store(SCHEMA, ENTITIES, LINKS, None)
    authors, books, tags = (Resource(store, entity, SIZES) for entity in (AUTHOR, BOOK, TAG))
    links = LinkResource(store, LINKS[0], SIZES)
    routes = [
        Route("POST", "/authors", authors.create),
        Route("GET", "/authors", authors.list),
        Route("DELETE", "/authors/{id}", authors.delete),
        Route("POST", "/books", books.create),
        Route("GET", "/books", books.list),
        Route("GET", "/books/{id}", books.get),
        Route("PUT", "/books/{id}", books.replace),
        Route("PATCH", "/books/{id}", books.change),
        Route("POST", "/tags", tags.create),
        Route("PUT", "/books/{id}/tags/{id}", links.add),
        Route("DELETE", "/books/{id}/tags/{id}", links.remove),
        Route("GET", "/books/{id}/tags", links.list_right),
        Route("GET", "/tags/{id}/books", links.list_left),
    ]
    return store, Client(Application(routes, b'{"openapi":"3.1.0"}', api_key))
