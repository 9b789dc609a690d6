-- +goose Up

-- Who refers to a tree: asked for each tree that gc looks at, and by the database itself when one is deleted.
CREATE INDEX attempts_tree ON attempts (tree);
CREATE INDEX run_tasks_tree ON run_tasks (tree);
CREATE INDEX runs_tree ON runs (tree);
-- Erasing a tenant asks for the calls of its runs and intents, and whether an intent is another's parent.
CREATE INDEX intents_parent ON intents (parent);
