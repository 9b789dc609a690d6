-- The rows as they are kept. A column with a dot in its name serves a comparison: "x.folded" holds a searched text in
-- folded letters, "x.key" holds a decimal so that 1.0 and 1 are equal. Rules other than those of uniqueness and of
-- reference are kept by service/domain.

CREATE TABLE "classes" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "from" TEXT NOT NULL,
    "from.folded" TEXT NOT NULL,
    "select" TEXT NOT NULL,
    "list" TEXT NOT NULL,
    "list.folded" TEXT NOT NULL,
    "self" INTEGER,
    "none" TEXT NOT NULL,
    "none.key" TEXT GENERATED ALWAYS AS (CASE WHEN instr("none", '.') THEN rtrim(rtrim("none", '0'), '.') ELSE "none" END) VIRTUAL,
    "true" INTEGER NOT NULL,
    "order" INTEGER NOT NULL,
    "rowid" TEXT,
    "str_id" INTEGER REFERENCES "classes" (id) DEFERRABLE INITIALLY DEFERRED
) STRICT;
CREATE UNIQUE INDEX "classes.from.index" ON "classes" ("from");
CREATE INDEX "classes.select.index" ON "classes" ("select");
CREATE UNIQUE INDEX "classes.none.index" ON "classes" ("none.key");
CREATE INDEX "classes.true.index" ON "classes" ("true");
CREATE INDEX "classes.order.index" ON "classes" ("order");
CREATE INDEX "classes.rowid.index" ON "classes" ("rowid");
CREATE INDEX "classes.str_id.index" ON "classes" ("str_id");

CREATE TABLE "imports" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "class_id" INTEGER NOT NULL REFERENCES "classes" (id) DEFERRABLE INITIALLY DEFERRED,
    "group" TEXT NOT NULL,
    "on" TEXT NOT NULL,
    "updated_at" TEXT NOT NULL
) STRICT;
CREATE INDEX "imports.class_id.index" ON "imports" ("class_id");
CREATE INDEX "imports.on.index" ON "imports" ("on");
CREATE INDEX "imports.updated_at.index" ON "imports" ("updated_at");

CREATE TABLE "linkses" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "created_on" TEXT NOT NULL
) STRICT;

CREATE TABLE "class.import" (
    left_id INTEGER NOT NULL REFERENCES "classes" (id) ON DELETE CASCADE,
    right_id INTEGER NOT NULL REFERENCES "imports" (id) ON DELETE CASCADE,
    PRIMARY KEY (left_id, right_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX "class.import.right_id.index" ON "class.import" ("right_id");

CREATE TABLE "import.links" (
    left_id INTEGER NOT NULL REFERENCES "imports" (id) ON DELETE CASCADE,
    right_id INTEGER NOT NULL REFERENCES "linkses" (id) ON DELETE CASCADE,
    PRIMARY KEY (left_id, right_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX "import.links.right_id.index" ON "import.links" ("right_id");
