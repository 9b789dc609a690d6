-- +goose Up

-- One row for each worker that is alive, by the time that it last said so. SQLite has one process, and no row.
CREATE TABLE workers (
    id         text NOT NULL PRIMARY KEY,
    host       text NOT NULL,
    started_at timestamp NOT NULL,
    beat_at    timestamp NOT NULL
);
-- The worker that made the call: when it is gone, so is the answer.
ALTER TABLE calls ADD COLUMN owner text NOT NULL DEFAULT '';
