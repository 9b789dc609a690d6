"""Which method of which path is answered by what."""

from service.domain.entities.patient import PATIENT
from service.domain.entities.visit import VISIT
from service.store.store import Store
from service.web.query import PageSize
from service.web.resources import Resource
from service.web.routing import Route

SIZES = PageSize(usual=20, largest=100)


def routes(store: Store) -> list[Route]:
    """Return the routes of all rows."""
    return [*_patients(store), *_visits(store)]


def _patients(store: Store) -> list[Route]:
    rows = Resource(store, PATIENT, SIZES)
    return [
        Route("POST", "/patients", rows.create),
        Route("GET", "/patients", rows.list),
        Route("GET", "/patients/{id}", rows.get),
        Route("PUT", "/patients/{id}", rows.replace),
        Route("PATCH", "/patients/{id}", rows.change),
        Route("DELETE", "/patients/{id}", rows.delete),
    ]


def _visits(store: Store) -> list[Route]:
    rows = Resource(store, VISIT, SIZES)
    return [
        Route("POST", "/visits", rows.create),
        Route("GET", "/visits", rows.list),
        Route("GET", "/visits/{id}", rows.get),
        Route("PUT", "/visits/{id}", rows.replace),
        Route("PATCH", "/visits/{id}", rows.change),
        Route("DELETE", "/visits/{id}", rows.delete),
    ]
