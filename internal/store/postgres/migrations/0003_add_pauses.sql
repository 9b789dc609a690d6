-- +goose Up

ALTER TABLE intents ADD COLUMN pause text;
ALTER TABLE runs ADD COLUMN paused_ms bigint NOT NULL DEFAULT 0;
