-- name: InsertCall :execrows
INSERT INTO calls (id, intent_id, run_id, task_id, attempt, day, role, repair, provider, model, request, answer, state, reason,
    reserved_micros, reserved_tokens, reserved_ms, input, cached, output, estimated, micros, priced, tokens, ms, started_at, ended_at, owner)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, '', 'reserved', '', $12, $13, $14, 0, 0, 0, 0, 0, $15, 0, 0, $16, NULL, $17)
ON CONFLICT DO NOTHING;

-- name: GetCall :one
SELECT * FROM calls WHERE id = $1;

-- name: SettleCall :execrows
UPDATE calls SET state = $1, reason = $2, answer = $3, input = $4, cached = $5, output = $6, estimated = $7, micros = $8, priced = $9,
    tokens = $10, ms = $11, started_at = $12, ended_at = $13
WHERE id = $14 AND state = 'reserved';

-- name: FindAnswered :one
SELECT * FROM calls
WHERE intent_id = $1 AND run_id = $2 AND task_id = $3 AND attempt = $4 AND role = $5 AND request = $6 AND state = 'settled'
ORDER BY started_at, id LIMIT 1;

-- name: ListCalls :many
SELECT * FROM calls WHERE run_id = $1 ORDER BY started_at, id;

-- name: ListCallsOfIntent :many
SELECT * FROM calls WHERE intent_id = $1 ORDER BY started_at, id;

-- name: FindLostCall :many
SELECT * FROM calls WHERE state = 'reserved' AND owner NOT IN (SELECT id FROM workers) ORDER BY started_at, id LIMIT 1;

-- name: SumCalls :many
SELECT repair, CAST(COALESCE(SUM(micros), 0) AS bigint) AS micros, CAST(COALESCE(SUM(CASE WHEN priced = 0 AND state <> 'reserved' THEN 1 ELSE 0 END), 0) AS bigint) AS unpriced,
    CAST(COALESCE(SUM(tokens), 0) AS bigint) AS tokens, CAST(COALESCE(SUM(CASE WHEN state = 'reserved' THEN 0 ELSE 1 END), 0) AS bigint) AS calls,
    CAST(COALESCE(SUM(ms), 0) AS bigint) AS ms,
    CAST(COALESCE(SUM(CASE WHEN state = 'reserved' THEN reserved_micros ELSE 0 END), 0) AS bigint) AS reserved_micros,
    CAST(COALESCE(SUM(CASE WHEN state = 'reserved' THEN reserved_tokens ELSE 0 END), 0) AS bigint) AS reserved_tokens,
    CAST(COALESCE(SUM(CASE WHEN state = 'reserved' THEN 1 ELSE 0 END), 0) AS bigint) AS reserved_calls,
    CAST(COALESCE(SUM(CASE WHEN state = 'reserved' THEN reserved_ms ELSE 0 END), 0) AS bigint) AS reserved_ms
FROM calls WHERE run_id = $1 GROUP BY repair;
