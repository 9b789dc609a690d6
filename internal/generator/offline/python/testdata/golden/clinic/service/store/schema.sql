-- The rows as they are kept. A column with a dot in its name serves a comparison: "x.folded" holds a searched text in
-- folded letters, "x.key" holds a decimal so that 1.0 and 1 are equal. Rules other than those of uniqueness and of
-- reference are kept by service/domain.

CREATE TABLE "patients" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "name" TEXT NOT NULL,
    "email" TEXT NOT NULL,
    "date_of_birth" TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX "patients.email.index" ON "patients" ("email");

CREATE TABLE "visits" (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    "patient_id" INTEGER NOT NULL REFERENCES "patients" (id) DEFERRABLE INITIALLY DEFERRED,
    "notes" TEXT NOT NULL,
    "fee" TEXT NOT NULL
) STRICT;
CREATE INDEX "visits.patient_id.index" ON "visits" ("patient_id");
