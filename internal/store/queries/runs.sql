-- name: InsertRun :exec
INSERT INTO runs (id, intent_id, number, from_task, verdict, reason, repairs, sandbox_ms, frozen, tree, evidence, capsule_digest, capsule_size, capsule_name, started_at, ended_at, paused_ms)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17);

-- name: GetRun :one
SELECT id, intent_id, number, from_task, verdict, reason, repairs, sandbox_ms, frozen, tree, evidence, capsule_digest, capsule_size, capsule_name, started_at, ended_at, paused_ms
FROM runs WHERE id = $1;

-- name: ListRuns :many
SELECT id, intent_id, number, from_task, verdict, reason, repairs, sandbox_ms, frozen, tree, evidence, capsule_digest, capsule_size, capsule_name, started_at, ended_at, paused_ms
FROM runs WHERE intent_id = $1 ORDER BY number;

-- name: GetLatestRunID :one
SELECT id FROM runs WHERE intent_id = $1 ORDER BY number DESC LIMIT 1;

-- name: UpdateRun :execrows
UPDATE runs SET verdict = $1, reason = $2, repairs = $3, sandbox_ms = $4, frozen = $5, tree = $6, evidence = $7, capsule_digest = $8, capsule_size = $9, capsule_name = $10, ended_at = $11, paused_ms = $12
WHERE id = $13;

-- name: InsertTask :exec
INSERT INTO run_tasks (run_id, task_id, position, state, attempts, tree, reason)
VALUES ($1, $2, $3, $4, $5, $6, $7);

-- name: ListTasks :many
SELECT t.task_id, t.state, t.attempts, t.reason, trees.entries
FROM run_tasks t LEFT JOIN trees ON trees.digest = t.tree
WHERE t.run_id = $1 ORDER BY t.position;

-- name: GetTaskState :one
SELECT state FROM run_tasks WHERE run_id = $1 AND task_id = $2;

-- name: MoveTask :execrows
UPDATE run_tasks SET state = sqlc.arg(next), reason = sqlc.arg(reason)
WHERE run_id = sqlc.arg(run_id) AND task_id = sqlc.arg(task_id) AND state = sqlc.arg(previous);

-- name: SetTaskTree :execrows
UPDATE run_tasks SET tree = $1 WHERE run_id = $2 AND task_id = $3;

-- name: CountAttempt :execrows
UPDATE run_tasks SET attempts = CASE WHEN attempts < sqlc.arg(number) THEN sqlc.arg(number) ELSE attempts END
WHERE run_id = sqlc.arg(run_id) AND task_id = sqlc.arg(task_id);

-- name: PutTree :exec
INSERT INTO trees (digest, entries) VALUES ($1, $2) ON CONFLICT DO NOTHING;

-- name: GetTree :one
SELECT entries FROM trees WHERE digest = $1;
