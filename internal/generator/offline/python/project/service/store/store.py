"""The rows of all entities, in transactions."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from sqlite3 import Connection

from service.domain.entity import Entity, Link
from service.domain.errors import ConflictError, NotFoundError, Violation
from service.domain.fields import Row
from service.store.database import Database
from service.store.deletion import Deletion
from service.store.links import LinkTable
from service.store.table import Condition, Page, Table, equals


class Store:
    """Opens transactions. Safe for concurrent use; close it once nobody uses it any more."""

    def __init__(
        self, schema: str, entities: Sequence[Entity], links: Sequence[Link], directory: Path | None
    ) -> None:
        """Open the rows in a folder, or in memory only where there is none."""
        self._database = Database(schema, directory)
        self._tables = {entity.name: Table(entity) for entity in entities}
        self._links = {link.name: LinkTable(link) for link in links}

    @contextmanager
    def read(self) -> Iterator["Transaction"]:
        """Give a transaction that sees one state of all rows and changes none."""
        with self._database.reading() as connection:
            yield Transaction(connection, self._tables, self._links)

    @contextmanager
    def write(self) -> Iterator["Transaction"]:
        """Give the only transaction that may write; when it ends without an error, all of it is on disk."""
        with self._database.writing() as connection:
            yield Transaction(connection, self._tables, self._links)

    def close(self) -> None:
        """Close the database."""
        self._database.close()


@dataclass(frozen=True, slots=True)
class Transaction:
    """What can be done to the rows. Valid only within the `with` that gave it."""

    connection: Connection
    tables: dict[str, Table]
    links: dict[str, LinkTable]

    def exists(self, entity: str, row_id: int) -> bool:
        """Whether there is such a row."""
        return self.tables[entity].exists(self.connection, row_id)

    def get(self, entity: Entity, row_id: int) -> Row:
        """Return a row with its id, or raise NotFoundError."""
        row = self.tables[entity.name].get(self.connection, row_id)
        if row is None:
            raise NotFoundError
        return row

    def page(self, entity: Entity, conditions: list[Condition], number: int, size: int) -> Page:
        """Return one page of the rows that satisfy every condition, ascending by id."""
        return self.tables[entity.name].page(self.connection, conditions, number, size)

    def insert(self, entity: Entity, row: Row) -> Row:
        """Add a row and return it with its id, or raise ConflictError."""
        self._refuse_taken(entity, row, 0)
        return {"id": self.tables[entity.name].insert(self.connection, row), **row}

    def update(self, entity: Entity, row_id: int, row: Row) -> Row:
        """Give a row new values and return it with its id, or raise ConflictError."""
        self._refuse_taken(entity, row, row_id)
        self.tables[entity.name].update(self.connection, row_id, row)
        return {"id": row_id, **row}

    def delete(self, entity: Entity, row_id: int) -> None:
        """Remove a row and what goes with it, or raise NotFoundError or ConflictError."""
        if not self.exists(entity.name, row_id):
            raise NotFoundError
        Deletion(self.tables, self.connection).run(entity.name, row_id)

    def _refuse_taken(self, entity: Entity, row: Row, own: int) -> None:
        """Name the first unique value that another row has; writers take turns, so none can slip in."""
        table = self.tables[entity.name]
        for field in entity.fields:
            value = row[field.name]
            if field.unique and value is not None:
                found = table.ids(self.connection, equals(field, value))
                if any(row_id != own for row_id in found):
                    message = f"{field.name} is already taken"
                    raise ConflictError([Violation(field.name, "unique", message)])
