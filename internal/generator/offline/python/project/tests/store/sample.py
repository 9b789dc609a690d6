"""A small library, in which every feature of the store occurs."""

from service.domain.entity import Entity, Link
from service.domain.fields import BoolField, ReferenceField, Row
from service.domain.numbers import DecimalField
from service.domain.texts import StringField

AUTHOR = Entity(
    name="author",
    plural="authors",
    fields=(StringField("name"), ReferenceField("mentor_id", to="author", optional=True)),
    search=("name",),
)
BOOK = Entity(
    name="book",
    plural="books",
    fields=(
        StringField("isbn", unique=True, optional=True),
        DecimalField("price", unique=True, optional=True),
        BoolField("lent", default=False),
        ReferenceField("author_id", to="author", on_delete="cascade"),
        ReferenceField("editor_id", to="author", optional=True, on_delete="set_null"),
    ),
    filters=("author_id", "price"),
)
TAG = Entity(name="tag", plural="tags", fields=(StringField("name"),))
ENTITIES = (AUTHOR, BOOK, TAG)
LINKS = (Link(left=BOOK, right=TAG),)

SCHEMA = """
CREATE TABLE "authors" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "name.folded" TEXT NOT NULL,
    "mentor_id" INTEGER REFERENCES "authors" (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE TABLE "books" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "isbn" TEXT,
    "price" TEXT,
    "price.key" TEXT GENERATED ALWAYS AS (
        CASE WHEN instr("price", '.') THEN rtrim(rtrim("price", '0'), '.') ELSE "price" END
    ) VIRTUAL,
    "lent" INTEGER NOT NULL,
    "author_id" INTEGER NOT NULL REFERENCES "authors" (id) DEFERRABLE INITIALLY DEFERRED,
    "editor_id" INTEGER REFERENCES "authors" (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE UNIQUE INDEX "books.isbn" ON "books" ("isbn");
CREATE UNIQUE INDEX "books.price" ON "books" ("price.key");
CREATE TABLE "tags" (id INTEGER PRIMARY KEY AUTOINCREMENT, "name" TEXT NOT NULL) STRICT;
CREATE TABLE "book.tag" (
    left_id INTEGER NOT NULL REFERENCES "books" (id) ON DELETE CASCADE,
    right_id INTEGER NOT NULL REFERENCES "tags" (id) ON DELETE CASCADE,
    PRIMARY KEY (left_id, right_id)
) STRICT, WITHOUT ROWID;
"""


def author(name: str, mentor: int | None = None) -> Row:
    """Return the values of an author."""
    return {"name": name, "mentor_id": mentor}


def book(
    author_id: int, isbn: str | None = None, price: str | None = None, editor: int | None = None
) -> Row:
    """Return the values of a book."""
    return {
        "isbn": isbn,
        "price": price,
        "lent": False,
        "author_id": author_id,
        "editor_id": editor,
    }
