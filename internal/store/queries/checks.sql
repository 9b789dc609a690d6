-- name: DeleteChecks :exec
DELETE FROM checks WHERE run_id = $1;

-- name: InsertCheck :exec
INSERT INTO checks (run_id, position, layer, name, status, body) VALUES ($1, $2, $3, $4, $5, $6);

-- name: ListChecks :many
SELECT body FROM checks WHERE run_id = $1 ORDER BY position;

-- name: DeleteExecutions :exec
DELETE FROM executions WHERE run_id = $1;

-- name: InsertExecution :exec
INSERT INTO executions (run_id, position, id, body) VALUES ($1, $2, $3, $4);

-- name: ListExecutions :many
SELECT body FROM executions WHERE run_id = $1 ORDER BY position;
