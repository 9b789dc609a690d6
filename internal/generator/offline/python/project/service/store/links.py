"""The SQL of one many-to-many relation."""

import sqlite3

from service.domain.entity import Link
from service.store.table import Condition, quoted


class LinkTable:
    """Reads and writes the pairs of one relation. Pairs of a deleted row go with it, which the schema sees to."""

    def __init__(self, link: Link) -> None:
        self.name = quoted(link.name)

    def add(self, connection: sqlite3.Connection, left: int, right: int) -> None:
        """Link two rows; linking them again changes nothing."""
        sql = " ".join(["INSERT OR IGNORE INTO", self.name, "(left_id, right_id) VALUES (?, ?)"])
        connection.execute(sql, (left, right))

    def remove(self, connection: sqlite3.Connection, left: int, right: int) -> bool:
        """Unlink two rows, and say whether they were linked."""
        sql = " ".join(["DELETE FROM", self.name, "WHERE left_id = ? AND right_id = ?"])
        return connection.execute(sql, (left, right)).rowcount == 1

    def linked_to_left(self, left: int) -> Condition:
        """Return the condition that a right row is linked to this left one."""
        sql = " ".join(["id IN (SELECT right_id FROM", self.name, "WHERE left_id = ?)"])
        return Condition(sql, (left,))

    def linked_to_right(self, right: int) -> Condition:
        """Return the condition that a left row is linked to this right one."""
        sql = " ".join(["id IN (SELECT left_id FROM", self.name, "WHERE right_id = ?)"])
        return Condition(sql, (right,))
