-- +goose Up

ALTER TABLE intents ADD COLUMN tenant text NOT NULL DEFAULT 'default' CHECK (tenant <> '');
CREATE INDEX intents_tenant ON intents (tenant, created_at, id);
CREATE INDEX intents_tenant_state ON intents (tenant, state, created_at, id);
DROP INDEX intents_newest;
