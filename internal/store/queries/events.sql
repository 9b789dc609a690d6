-- name: InsertEvent :exec
INSERT INTO events (intent_id, seq, type, at, run_id, task_id, attempt, data) VALUES ($1, $2, $3, $4, $5, $6, $7, $8);

-- name: ListEvents :many
SELECT intent_id, seq, type, at, run_id, task_id, attempt, data
FROM events WHERE intent_id = sqlc.arg(intent_id) AND seq > sqlc.arg(after)
ORDER BY seq LIMIT sqlc.arg(most);
