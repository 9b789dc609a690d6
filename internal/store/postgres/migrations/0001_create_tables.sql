-- +goose Up

-- JSON is kept as text: what is hashed or signed must come back byte for byte.
CREATE TABLE intents (
    id              text PRIMARY KEY,
    words           text NOT NULL,
    settings        text NOT NULL,
    state           text NOT NULL CHECK (state <> ''),
    spec            text,
    plan            text,
    reason          text NOT NULL,
    needs           text NOT NULL,
    revision        bigint NOT NULL CHECK (revision >= 1),
    parent          text REFERENCES intents (id),
    idempotency_key text UNIQUE,
    request         text NOT NULL,
    last_seq        bigint NOT NULL,
    created_at      timestamp NOT NULL,
    updated_at      timestamp NOT NULL
);
CREATE INDEX intents_newest ON intents (created_at, id);
CREATE INDEX intents_state ON intents (state, created_at, id);

CREATE TABLE runs (
    id             text PRIMARY KEY,
    intent_id      text NOT NULL REFERENCES intents (id),
    number         bigint NOT NULL CHECK (number >= 1),
    from_task      text NOT NULL,
    verdict        text NOT NULL,
    reason         text NOT NULL,
    repairs        bigint NOT NULL,
    sandbox_ms     bigint NOT NULL,
    frozen         text NOT NULL,
    tree           text NOT NULL,
    evidence       text NOT NULL,
    capsule_digest text NOT NULL,
    capsule_size   bigint NOT NULL,
    capsule_name   text NOT NULL,
    started_at     timestamp NOT NULL,
    ended_at       timestamp,
    UNIQUE (intent_id, number)
);

CREATE TABLE trees (
    digest  text PRIMARY KEY,
    entries text NOT NULL
);

CREATE TABLE run_tasks (
    run_id   text NOT NULL REFERENCES runs (id),
    task_id  text NOT NULL CHECK (task_id <> ''),
    position bigint NOT NULL,
    state    text NOT NULL CHECK (state <> ''),
    attempts bigint NOT NULL,
    tree     text REFERENCES trees (digest),
    reason   text NOT NULL,
    PRIMARY KEY (run_id, task_id)
);

CREATE TABLE attempts (
    run_id     text NOT NULL,
    task_id    text NOT NULL,
    number     bigint NOT NULL CHECK (number >= 1),
    generator  text NOT NULL,
    state      text NOT NULL CHECK (state <> ''),
    reason     text NOT NULL,
    failure    text NOT NULL,
    checks     text NOT NULL,
    tree       text REFERENCES trees (digest),
    started_at timestamp NOT NULL,
    ended_at   timestamp,
    PRIMARY KEY (run_id, task_id, number),
    FOREIGN KEY (run_id, task_id) REFERENCES run_tasks (run_id, task_id)
);

CREATE TABLE checks (
    run_id   text NOT NULL REFERENCES runs (id),
    position bigint NOT NULL,
    layer    text NOT NULL,
    name     text NOT NULL,
    status   text NOT NULL CHECK (status IN ('passed', 'failed', 'not_run', 'error')),
    body     text NOT NULL,
    PRIMARY KEY (run_id, position)
);

CREATE TABLE executions (
    run_id   text NOT NULL REFERENCES runs (id),
    position bigint NOT NULL,
    id       text NOT NULL CHECK (id <> ''),
    body     text NOT NULL,
    PRIMARY KEY (run_id, position),
    UNIQUE (run_id, id)
);

CREATE TABLE events (
    intent_id text NOT NULL REFERENCES intents (id),
    seq       bigint NOT NULL CHECK (seq >= 1),
    type      text NOT NULL CHECK (type <> ''),
    at        timestamp NOT NULL,
    run_id    text NOT NULL,
    task_id   text NOT NULL,
    attempt   bigint NOT NULL,
    data      text NOT NULL,
    PRIMARY KEY (intent_id, seq)
);
