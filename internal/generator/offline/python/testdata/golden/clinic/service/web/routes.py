"""Which method of which path is answered by what."""

from service.domain.entities import LINKS
from service.domain.entities.class_ import CLASS
from service.domain.entities.import_ import IMPORT
from service.domain.entities.links import LINKS_
from service.store.store import Store
from service.web.linked import LinkResource
from service.web.query import PageSize
from service.web.resources import Resource
from service.web.routing import Route

SIZES = PageSize(usual=150, largest=150)


def routes(store: Store) -> list[Route]:
    """Return the routes of all rows."""
    return [
        *_classes(store),
        *_imports(store),
        *_linkses(store),
        *_classes__imports(store),
        *_imports__linkses(store),
    ]


def _classes(store: Store) -> list[Route]:
    rows = Resource(store, CLASS, SIZES)
    return [
        Route("POST", "/classes", rows.create),
        Route("GET", "/classes", rows.list),
        Route("GET", "/classes/{id}", rows.get),
        Route("PUT", "/classes/{id}", rows.replace),
        Route("PATCH", "/classes/{id}", rows.change),
        Route("DELETE", "/classes/{id}", rows.delete),
    ]


def _imports(store: Store) -> list[Route]:
    rows = Resource(store, IMPORT, SIZES)
    return [
        Route("POST", "/imports", rows.create),
        Route("GET", "/imports", rows.list),
        Route("GET", "/imports/{id}", rows.get),
        Route("PUT", "/imports/{id}", rows.replace),
        Route("PATCH", "/imports/{id}", rows.change),
        Route("DELETE", "/imports/{id}", rows.delete),
    ]


def _linkses(store: Store) -> list[Route]:
    rows = Resource(store, LINKS_, SIZES)
    return [
        Route("POST", "/linkses", rows.create),
        Route("GET", "/linkses", rows.list),
        Route("GET", "/linkses/{id}", rows.get),
    ]


def _classes__imports(store: Store) -> list[Route]:
    links = LinkResource(store, LINKS[0], SIZES)
    return [
        Route("PUT", "/classes/{id}/imports/{id}", links.add),
        Route("DELETE", "/classes/{id}/imports/{id}", links.remove),
        Route("GET", "/classes/{id}/imports", links.list_right),
        Route("GET", "/imports/{id}/classes", links.list_left),
    ]


def _imports__linkses(store: Store) -> list[Route]:
    links = LinkResource(store, LINKS[1], SIZES)
    return [
        Route("PUT", "/imports/{id}/linkses/{id}", links.add),
        Route("DELETE", "/imports/{id}/linkses/{id}", links.remove),
        Route("GET", "/imports/{id}/linkses", links.list_right),
        Route("GET", "/linkses/{id}/imports", links.list_left),
    ]
