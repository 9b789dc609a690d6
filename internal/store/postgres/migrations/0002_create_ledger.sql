-- +goose Up

-- One row for each model call. ms and tokens are what counts of it: for a lost call its worst case.
CREATE TABLE calls (
    id              text NOT NULL PRIMARY KEY,
    intent_id       text NOT NULL,
    run_id          text NOT NULL,
    task_id         text NOT NULL,
    attempt         bigint NOT NULL,
    day             text NOT NULL CHECK (day <> ''),
    role            text NOT NULL CHECK (role <> ''),
    repair          bigint NOT NULL,
    provider        text NOT NULL,
    model           text NOT NULL,
    request         text NOT NULL,
    answer          text NOT NULL,
    state           text NOT NULL CHECK (state IN ('reserved', 'settled', 'failed', 'lost')),
    reason          text NOT NULL,
    reserved_micros bigint NOT NULL CHECK (reserved_micros >= 0),
    reserved_tokens bigint NOT NULL CHECK (reserved_tokens >= 0),
    reserved_ms     bigint NOT NULL CHECK (reserved_ms >= 0),
    input           bigint NOT NULL,
    cached          bigint NOT NULL,
    output          bigint NOT NULL,
    estimated       bigint NOT NULL,
    micros          bigint NOT NULL CHECK (micros >= 0),
    priced          bigint NOT NULL,
    tokens          bigint NOT NULL CHECK (tokens >= 0),
    ms              bigint NOT NULL CHECK (ms >= 0),
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
    micros          bigint NOT NULL,
    unpriced        bigint NOT NULL,
    tokens          bigint NOT NULL,
    calls           bigint NOT NULL,
    ms              bigint NOT NULL,
    reserved_micros bigint NOT NULL CHECK (reserved_micros >= 0),
    reserved_tokens bigint NOT NULL CHECK (reserved_tokens >= 0),
    reserved_calls  bigint NOT NULL CHECK (reserved_calls >= 0),
    reserved_ms     bigint NOT NULL CHECK (reserved_ms >= 0)
);
