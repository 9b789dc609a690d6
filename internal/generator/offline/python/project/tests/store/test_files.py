"""Rows on disk: they outlive the process, belong to one process, and are not trusted when they are damaged."""

import shutil
import tempfile
import threading
import unittest
from pathlib import Path
from typing import ClassVar

from service.store import wal
from service.store.errors import DamagedError, UnusableError
from service.store.store import Store
from tests.store.sample import ENTITIES, LINKS, SCHEMA, TAG


class FilesTest(unittest.TestCase):
    """Each test has a folder of its own. Few rows are written: each waits for the disk."""

    template: ClassVar[Path]

    @classmethod
    def setUpClass(cls) -> None:
        """Keep the files as kill -9 leaves them: the log is not yet moved into the database."""
        cls.template = Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.template)
        folder = cls.template / "running"
        store = Store(SCHEMA, ENTITIES, LINKS, folder)
        for name in "abc":
            with store.write() as tx:
                tx.insert(TAG, {"name": name})
        for file in ("service.db", "service.db-wal"):
            shutil.copy(folder / file, cls.template / file)
        store.close()

    def setUp(self) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)

    def open(self, folder: Path | None = None, schema: str = SCHEMA) -> Store:
        store = Store(schema, ENTITIES, LINKS, folder or self.folder)
        self.addCleanup(store.close)
        return store

    def add(self, store: Store, *names: str) -> None:
        for name in names:
            with store.write() as tx:
                tx.insert(TAG, {"name": name})

    def crashed(self) -> Path:
        """Return a copy of the files that a killed process has left."""
        for file in ("service.db", "service.db-wal"):
            shutil.copy(self.template / file, self.folder / file)
        return self.folder

    def names(self, store: Store) -> list[object]:
        with store.read() as tx:
            return [row["name"] for row in tx.page(TAG, [], 1, 10).rows]

    def test_rows_outlive_a_stop_and_ids_go_on(self) -> None:
        store = self.open()
        self.add(store, "a", "b")
        with store.write() as tx:
            tx.delete(TAG, 2)
        store.close()
        again = self.open()
        self.add(again, "c")
        with again.read() as tx:
            self.assertEqual(tx.get(TAG, 3)["name"], "c")

    def test_rows_outlive_a_crash(self) -> None:
        self.assertEqual(self.names(self.open(self.crashed())), ["a", "b", "c"])

    def test_torn_last_record_is_cut_off(self) -> None:
        copy = self.crashed()
        log = copy / "service.db-wal"
        log.write_bytes(log.read_bytes()[:-100])
        self.assertEqual(self.names(self.open(copy)), ["a", "b"])

    def test_damaged_log_is_refused_by_name(self) -> None:
        copy = self.crashed()
        log = copy / "service.db-wal"
        content = bytearray(log.read_bytes())
        for place, message in ((60, "before the last"), (5, "header"), (1, "header")):
            with self.subTest(place=place):
                broken = bytearray(content)
                broken[place + (0 if place < 32 else 40)] ^= 1
                log.write_bytes(broken)
                with self.assertRaisesRegex(DamagedError, "service.db-wal is damaged.*" + message):
                    self.open(copy)

    def test_damaged_database_is_refused_by_name(self) -> None:
        self.open().close()
        path = self.folder / "service.db"
        content = path.read_bytes()
        for broken in (
            b"",
            content[:100],
            b"x" * len(content),
            content[:4096],
            content[:4096] + b"x" * 4096,
        ):
            with self.subTest(size=len(broken)):
                path.write_bytes(broken)
                with self.assertRaisesRegex(DamagedError, "service.db is damaged"):
                    self.open()

    def test_one_changed_letter_is_damage(self) -> None:
        store = self.open()
        self.add(store, "a letter")
        store.close()
        path = self.folder / "service.db"
        content = path.read_bytes()
        path.write_bytes(content.replace(b"a letter", b"b letter"))
        with self.assertRaisesRegex(DamagedError, "service.db is damaged.*digest"):
            self.open()
        path.write_bytes(content)
        self.assertEqual(self.names(self.open()), ["a letter"])

    def test_log_without_database_is_damage(self) -> None:
        copy = self.crashed()
        (copy / "service.db").unlink()
        with self.assertRaisesRegex(DamagedError, "missing"):
            self.open(copy)

    def test_other_schema_is_refused(self) -> None:
        self.open().close()
        with self.assertRaisesRegex(UnusableError, "another version"):
            self.open(schema=SCHEMA + "CREATE TABLE more (id INTEGER);")

    def test_folder_belongs_to_one_store(self) -> None:
        self.open()
        with self.assertRaisesRegex(UnusableError, "in use"):
            self.open()

    def test_damaged_lock_is_named(self) -> None:
        (self.folder / "service.lock").write_bytes(b"x" * 4096)
        with self.assertRaisesRegex(DamagedError, "service.lock is damaged"):
            self.open()

    def test_folder_that_cannot_be_made(self) -> None:
        (self.folder / "file").write_text("")
        with self.assertRaisesRegex(UnusableError, "cannot be used"):
            self.open(self.folder / "file" / "data")

    def test_log_that_is_not_there_is_whole(self) -> None:
        self.assertEqual(wal.damage(self.folder / "none"), "")

    def test_readers_and_writers_at_the_same_time(self) -> None:
        store = self.open()
        failures: list[Exception] = []

        def work(number: int) -> None:
            try:
                self.add(store, *(f"{number}.{i}" for i in range(2)))
                self.names(store)
            except Exception as error:
                failures.append(error)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(failures, [])
        with store.read() as tx:
            self.assertEqual(tx.page(TAG, [], 1, 1).total, 6)
