-- name: InsertAttempt :execrows
INSERT INTO attempts (run_id, task_id, number, generator, state, reason, failure, checks, tree, started_at, ended_at)
VALUES ($1, $2, $3, $4, 'running', '', $5, '', NULL, $6, NULL)
ON CONFLICT DO NOTHING;

-- name: GetAttempt :one
SELECT a.run_id, a.task_id, a.number, a.generator, a.state, a.reason, a.failure, a.checks, a.started_at, a.ended_at, trees.entries
FROM attempts a LEFT JOIN trees ON trees.digest = a.tree
WHERE a.run_id = $1 AND a.task_id = $2 AND a.number = $3;

-- name: ListAttempts :many
SELECT a.run_id, a.task_id, a.number, a.generator, a.state, a.reason, a.failure, a.checks, a.started_at, a.ended_at, trees.entries
FROM attempts a
JOIN run_tasks t ON t.run_id = a.run_id AND t.task_id = a.task_id
LEFT JOIN trees ON trees.digest = a.tree
WHERE a.run_id = sqlc.arg(run_id) AND (a.task_id = sqlc.arg(task_id) OR CAST(sqlc.arg(task_id) AS text) = '')
ORDER BY t.position, a.number;

-- name: EndAttempt :execrows
UPDATE attempts SET state = $1, reason = $2, checks = $3, tree = $4, ended_at = $5
WHERE run_id = $6 AND task_id = $7 AND number = $8 AND state = 'running';
