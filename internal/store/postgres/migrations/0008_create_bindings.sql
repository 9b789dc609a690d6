-- +goose Up

-- What this database belongs together with, by name: the folder of the blobs, for one, by the id that is written in it.
CREATE TABLE bindings (
    name text NOT NULL PRIMARY KEY,
    id   text NOT NULL CHECK (id <> '')
);
