"""The SQL of one entity. Names come from the entity's declaration alone and are quoted; values are always bound."""

import sqlite3
from dataclasses import dataclass

from service.domain.entity import Entity
from service.domain.fields import BoolField, Field, Row, Value
from service.domain.numbers import DecimalField, decimal_key
from service.domain.texts import fold

MAX_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Condition:
    """A piece of SQL that a row must satisfy, with the values that are bound to it."""

    sql: str
    values: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: its place, its rows, and how many rows the whole list has."""

    number: int
    size: int
    rows: list[Row]
    total: int


class Table:
    """Reads and writes the rows of one entity over a connection that it is given."""

    def __init__(self, entity: Entity) -> None:
        self.entity = entity
        self.name = quoted(entity.plural)
        self._searched = tuple(entity.by_name[name] for name in entity.search)
        self._bools = tuple(f.name for f in entity.fields if isinstance(f, BoolField))
        self._keys = ["id", *(f.name for f in entity.fields)]
        columns = [*(f.name for f in entity.fields), *(folded(f) for f in self._searched)]
        names = ", ".join(map(quoted, columns))
        marks = ", ".join("?" for _ in columns)
        sets = ", ".join(quoted(column) + " = ?" for column in columns)
        select = ", ".join(map(quoted, self._keys))
        self._select = _sql("SELECT", select, "FROM", self.name)
        self._get = _sql(self._select, "WHERE id = ?")
        self._count = _sql("SELECT count(*) FROM", self.name)
        self._exists = _sql("SELECT 1 FROM", self.name, "WHERE id = ?")
        self._insert = _sql("INSERT INTO", self.name, "(", names, ") VALUES (", marks, ")")
        self._update = _sql("UPDATE", self.name, "SET", sets, "WHERE id = ?")
        self._delete = _sql("DELETE FROM", self.name, "WHERE id = ?")

    def exists(self, connection: sqlite3.Connection, row_id: int) -> bool:
        """Whether there is a row with the id."""
        return (
            0 < row_id <= MAX_ID
            and connection.execute(self._exists, (row_id,)).fetchone() is not None
        )

    def get(self, connection: sqlite3.Connection, row_id: int) -> Row | None:
        """Return the row with the id."""
        found = connection.execute(self._get, (row_id,)).fetchone()
        return None if found is None else self._row(found)

    def insert(self, connection: sqlite3.Connection, row: Row) -> int:
        """Add a row and return its id."""
        return int(connection.execute(self._insert, self._values(row)).lastrowid or 0)

    def update(self, connection: sqlite3.Connection, row_id: int, row: Row) -> None:
        """Give the row with the id new values."""
        connection.execute(self._update, (*self._values(row), row_id))

    def delete(self, connection: sqlite3.Connection, row_id: int) -> None:
        """Remove the row with the id."""
        connection.execute(self._delete, (row_id,))

    def clear(self, connection: sqlite3.Connection, row_id: int, field: Field) -> None:
        """Empty one field of the row with the id."""
        sql = _sql("UPDATE", self.name, "SET", quoted(field.name), "= NULL WHERE id = ?")
        connection.execute(sql, (row_id,))

    def ids(self, connection: sqlite3.Connection, condition: Condition) -> list[int]:
        """Return the ids of all rows that satisfy the condition."""
        sql = _sql("SELECT id FROM", self.name, "WHERE", condition.sql)
        return [row_id for (row_id,) in connection.execute(sql, condition.values)]

    def page(
        self, connection: sqlite3.Connection, conditions: list[Condition], number: int, size: int
    ) -> Page:
        """Return one page of the rows that satisfy every condition, ascending by id."""
        where = _sql("WHERE", " AND ".join(c.sql for c in conditions)) if conditions else ""
        values = tuple(value for c in conditions for value in c.values)
        (total,) = connection.execute(_sql(self._count, where), values).fetchone()
        offset = (number - 1) * size
        if offset >= total:
            return Page(number, size, [], total)
        sql = _sql(self._select, where, "ORDER BY id LIMIT ? OFFSET ?")
        rows = [self._row(found) for found in connection.execute(sql, (*values, size, offset))]
        return Page(number, size, rows, total)

    def contains(self, text: str) -> Condition:
        """Return the condition that a searched field contains the text, letters compared without case."""
        parts = [f"instr({quoted(folded(field))}, ?) > 0" for field in self._searched]
        return Condition("(" + " OR ".join(parts) + ")", (fold(text),) * len(parts))

    def _row(self, found: tuple[Value, ...]) -> Row:
        row = dict(zip(self._keys, found, strict=True))
        for name in self._bools:
            if row[name] is not None:
                row[name] = bool(row[name])
        return row

    def _values(self, row: Row) -> tuple[Value, ...]:
        """Return what is bound for a row: its fields, then the folded form of those that are searched."""
        values = [row[f.name] for f in self.entity.fields]
        return (*values, *(_fold(row[f.name]) for f in self._searched))


def equals(field: Field, value: Value) -> Condition:
    """Return the condition that a field has a value; None stands for no value."""
    if value is None:
        return Condition(quoted(field.name) + " IS NULL")
    if isinstance(field, DecimalField):  # 1.0 equals 1
        return Condition(quoted(field.name + ".key") + " = ?", (decimal_key(str(value)),))
    return Condition(quoted(field.name) + " = ?", (value,))


def folded(field: Field) -> str:
    """Return the column that keeps a searched text in folded letters; no field can have a dot in its name."""
    return field.name + ".folded"


def quoted(name: str) -> str:
    """Write a name so that SQL takes it for one, whatever word it is."""
    return '"' + name.replace('"', '""') + '"'


def _fold(value: Value) -> Value:
    return fold(value) if isinstance(value, str) else None


def _sql(*parts: str) -> str:
    return " ".join(part for part in parts if part)
