"""The handlers of a many-to-many relation."""

from dataclasses import dataclass

from service.domain.entity import Link
from service.domain.errors import NotFoundError
from service.store.store import Store, Transaction
from service.web.messages import Request, Response
from service.web.query import PageSize, parse, read_listing, refuse_unknown
from service.web.resources import page_of


@dataclass(frozen=True, slots=True)
class LinkResource:
    """Answers the requests for the pairs of one relation."""

    store: Store
    link: Link
    sizes: PageSize

    def add(self, request: Request, left: int, right: int) -> Response:
        """Link two rows."""
        refuse_unknown(parse(request.query))
        with self.store.write() as tx:
            self._require(tx, left, right)
            tx.links[self.link.name].add(tx.connection, left, right)
        return Response(204)

    def remove(self, request: Request, left: int, right: int) -> Response:
        """Unlink two rows."""
        refuse_unknown(parse(request.query))
        with self.store.write() as tx:
            self._require(tx, left, right)
            if not tx.links[self.link.name].remove(tx.connection, left, right):
                raise NotFoundError
        return Response(204)

    def list_right(self, request: Request, left: int) -> Response:
        """Return the right rows that are linked to a left one."""
        listing = read_listing(self.link.right, request.query, self.sizes)
        with self.store.read() as tx:
            tx.get(self.link.left, left)
            condition = tx.links[self.link.name].linked_to_left(left)
            return page_of(tx, self.link.right, listing, [condition])

    def list_left(self, request: Request, right: int) -> Response:
        """Return the left rows that are linked to a right one."""
        listing = read_listing(self.link.left, request.query, self.sizes)
        with self.store.read() as tx:
            tx.get(self.link.right, right)
            condition = tx.links[self.link.name].linked_to_right(right)
            return page_of(tx, self.link.left, listing, [condition])

    def _require(self, tx: Transaction, left: int, right: int) -> None:
        tx.get(self.link.left, left)
        tx.get(self.link.right, right)
