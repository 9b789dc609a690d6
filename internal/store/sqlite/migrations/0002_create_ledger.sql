-- +goose Up

-- One row for each model call. ms and tokens are what counts of it: for a lost call its worst case.
CREATE TABLE calls (
    id              text NOT NULL PRIMARY KEY,
    intent_id       text NOT NULL,
    run_id          text NOT NULL,
    task_id         text NOT NULL,
    attempt         integer NOT NULL,
    day             text NOT NULL CHECK (day <> ''),
    role            text NOT NULL CHECK (role <> ''),
    repair          integer NOT NULL,
    provider        text NOT NULL,
    model           text NOT NULL,
    request         text NOT NULL,
    answer          text NOT NULL,
    state           text NOT NULL CHECK (state IN ('reserved', 'settled', 'failed', 'lost')),
    reason          text NOT NULL,
    reserved_micros integer NOT NULL CHECK (reserved_micros >= 0),
    reserved_tokens integer NOT NULL CHECK (reserved_tokens >= 0),
    reserved_ms     integer NOT NULL CHECK (reserved_ms >= 0),
    input           integer NOT NULL,
    cached          integer NOT NULL,
    output          integer NOT NULL,
    estimated       integer NOT NULL,
    micros          integer NOT NULL CHECK (micros >= 0),
    priced          integer NOT NULL,
    tokens          integer NOT NULL CHECK (tokens >= 0),
    ms              integer NOT NULL CHECK (ms >= 0),
    started_at      timestamp NOT NULL,
    ended_at        timestamp
);
CREATE INDEX calls_run ON calls (run_id, started_at);
CREATE INDEX calls_intent ON calls (intent_id, started_at);
CREATE INDEX calls_state ON calls (state);

-- One row for each scope that can have a cap: task:RUN/TASK, run:RUN (run:INTENT before there is one), day:2026-05-04,
-- team:2026-05. What is here is the sum of the calls' rows, kept in the same transactions.
CREATE TABLE spending (
    scope           text NOT NULL PRIMARY KEY,
    micros          integer NOT NULL,
    unpriced        integer NOT NULL,
    tokens          integer NOT NULL,
    calls           integer NOT NULL,
    ms              integer NOT NULL,
    reserved_micros integer NOT NULL CHECK (reserved_micros >= 0),
    reserved_tokens integer NOT NULL CHECK (reserved_tokens >= 0),
    reserved_calls  integer NOT NULL CHECK (reserved_calls >= 0),
    reserved_ms     integer NOT NULL CHECK (reserved_ms >= 0)
);
