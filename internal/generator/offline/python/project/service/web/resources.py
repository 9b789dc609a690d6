"""The handlers of an entity's rows."""

from dataclasses import dataclass
from datetime import UTC, datetime

from service.domain.entity import Entity
from service.domain.forms import changed_row, new_row, replaced_row
from service.store.store import Store, Transaction
from service.store.table import Condition, equals
from service.web.body import read_object
from service.web.messages import Request, Response, answer
from service.web.query import Listing, PageSize, parse, read_listing, refuse_unknown


@dataclass(frozen=True, slots=True)
class Resource:
    """Answers the requests for the rows of one entity."""

    store: Store
    entity: Entity
    sizes: PageSize

    def create(self, request: Request) -> Response:
        """Add a row."""
        refuse_unknown(parse(request.query))
        body = read_object(request)
        with self.store.write() as tx:
            row = tx.insert(self.entity, new_row(self.entity, body, _now(), tx.exists))
        return answer(201, row, headers=(("Location", f"{self.entity.path}/{row['id']}"),))

    def list(self, request: Request) -> Response:
        """Return one page of the rows."""
        listing = read_listing(self.entity, request.query, self.sizes)
        with self.store.read() as tx:
            return page_of(tx, self.entity, listing, [])

    def get(self, request: Request, row_id: int) -> Response:
        """Return one row."""
        refuse_unknown(parse(request.query))
        with self.store.read() as tx:
            return answer(200, tx.get(self.entity, row_id))

    def replace(self, request: Request, row_id: int) -> Response:
        """Give every field of a row a new value."""
        refuse_unknown(parse(request.query))
        body = read_object(request)
        with self.store.write() as tx:
            old = tx.get(self.entity, row_id)
            row = replaced_row(self.entity, body, old, _now(), tx.exists)
            return answer(200, tx.update(self.entity, row_id, row))

    def change(self, request: Request, row_id: int) -> Response:
        """Give some fields of a row a new value."""
        refuse_unknown(parse(request.query))
        body = read_object(request)
        with self.store.write() as tx:
            old = tx.get(self.entity, row_id)
            row = changed_row(self.entity, body, old, _now(), tx.exists)
            return answer(200, tx.update(self.entity, row_id, row))

    def delete(self, request: Request, row_id: int) -> Response:
        """Remove a row and what goes with it."""
        refuse_unknown(parse(request.query))
        with self.store.write() as tx:
            tx.delete(self.entity, row_id)
        return Response(204)


def page_of(
    tx: Transaction, entity: Entity, listing: Listing, conditions: list[Condition]
) -> Response:
    """Return the page of a list that the caller asked for."""
    conditions = conditions + [equals(field, value) for field, value in listing.equal]
    if listing.text is not None:
        conditions.append(tx.tables[entity.name].contains(listing.text))
    page = tx.page(entity, conditions, listing.page, listing.page_size)
    return answer(
        200, {"items": page.rows, "page": page.number, "page_size": page.size, "total": page.total}
    )


def _now() -> datetime:
    return datetime.now(UTC)
