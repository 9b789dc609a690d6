-- name: AddBinding :exec
INSERT INTO bindings (name, id) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: SetBinding :exec
INSERT INTO bindings (name, id) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET id = excluded.id;

-- name: GetBinding :one
SELECT id FROM bindings WHERE name = $1;
