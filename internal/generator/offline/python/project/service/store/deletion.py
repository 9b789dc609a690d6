"""What the deletion of a row does to the rows that refer to it."""

import sqlite3
from dataclasses import dataclass, field

from service.domain.errors import ConflictError, Violation
from service.domain.fields import Field, ReferenceField
from service.store.table import Table, equals

Key = tuple[str, int]  # an entity and an id


@dataclass
class Deletion:
    """All that goes with one row: found first, done only when no row anywhere forbids it."""

    tables: dict[str, Table]
    connection: sqlite3.Connection
    doomed: dict[Key, None] = field(default_factory=dict)  # in the order in which they were found
    emptied: list[tuple[Key, Field]] = field(default_factory=list)

    def run(self, entity: str, row_id: int) -> None:
        """Delete the row, or raise ConflictError when another row holds it."""
        waiting = [(entity, row_id)]
        while waiting:
            key = waiting.pop()
            if key not in self.doomed:
                self.doomed[key] = None
                waiting += self._follow(key)
        for (name, referring), reference in self.emptied:
            self.tables[name].clear(self.connection, referring, reference)
        for name, doomed in self.doomed:
            self.tables[name].delete(self.connection, doomed)

    def _follow(self, key: Key) -> list[Key]:
        """Return the rows that go with this one."""
        cascaded: list[Key] = []
        for name, reference in self._references_to(key[0]):
            for referring in self.tables[name].ids(self.connection, equals(reference, key[1])):
                if (name, referring) == key:
                    continue  # a row does not hold itself
                if reference.on_delete == "restrict":
                    raise ConflictError(
                        [Violation("id", "referenced", f"{name} {referring} refers to this row")]
                    )
                if reference.on_delete == "cascade":
                    cascaded.append((name, referring))
                else:
                    self.emptied.append(((name, referring), reference))
        return cascaded

    def _references_to(self, entity: str) -> list[tuple[str, ReferenceField]]:
        return [
            (name, reference)
            for name, table in self.tables.items()
            for reference in table.entity.fields
            if isinstance(reference, ReferenceField) and reference.to == entity
        ]
