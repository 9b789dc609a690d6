-- name: InsertIntent :exec
INSERT INTO intents (id, words, settings, state, spec, plan, reason, needs, revision, parent, idempotency_key, request, last_seq, created_at, updated_at, tenant)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, $13, $14, $15);

-- name: GetIntent :one
SELECT id, words, settings, state, spec, plan, reason, needs, revision, parent, created_at, updated_at, pause, tenant
FROM intents WHERE id = $1;

-- name: GetIntentState :one
SELECT state FROM intents WHERE id = $1;

-- name: GetIntentByKey :one
SELECT id, request FROM intents WHERE idempotency_key = $1;

-- name: GetIntentCreated :one
SELECT created_at FROM intents WHERE id = $1;

-- name: ListIntents :many
SELECT id, words, settings, state, reason, needs, revision, parent, created_at, updated_at, tenant
FROM intents
WHERE tenant = sqlc.arg(tenant) AND (created_at, id) < (sqlc.arg(before), CAST(sqlc.arg(before_id) AS text))
ORDER BY created_at DESC, id DESC
LIMIT sqlc.arg(most);

-- name: ListIntentsInState :many
SELECT id, words, settings, state, reason, needs, revision, parent, created_at, updated_at, tenant
FROM intents
WHERE tenant = sqlc.arg(tenant) AND state = sqlc.arg(state) AND (created_at, id) < (sqlc.arg(before), CAST(sqlc.arg(before_id) AS text))
ORDER BY created_at DESC, id DESC
LIMIT sqlc.arg(most);

-- name: ListUnfinished :many
SELECT id FROM intents
WHERE state IN ('received', 'interpreting', 'planned', 'running', 'verifying')
ORDER BY created_at, id;

-- name: MoveIntent :execrows
UPDATE intents SET state = sqlc.arg(next), reason = sqlc.arg(reason), updated_at = sqlc.arg(updated_at)
WHERE id = sqlc.arg(id) AND state = sqlc.arg(previous);

-- name: SetSpec :execrows
UPDATE intents SET spec = $1, updated_at = $2 WHERE id = $3;

-- name: SetPlan :execrows
UPDATE intents SET plan = $1, updated_at = $2 WHERE id = $3;

-- name: SetNeeds :execrows
UPDATE intents SET needs = $1, updated_at = $2 WHERE id = $3;

-- name: SetSettings :execrows
UPDATE intents SET settings = $1, updated_at = $2 WHERE id = $3;

-- name: SetPause :execrows
UPDATE intents SET pause = $1, updated_at = $2 WHERE id = $3;

-- name: TakeSequence :one
UPDATE intents SET last_seq = last_seq + sqlc.arg(events) WHERE id = sqlc.arg(id) RETURNING last_seq;

-- name: GetOwner :one
SELECT tenant FROM intents WHERE intents.id = $1
UNION ALL
SELECT i.tenant FROM runs r JOIN intents i ON i.id = r.intent_id WHERE r.id = $1
LIMIT 1;
