-- What keeping house asks: which digests rows speak of, what is expired, what a tenant owns. It sees every tenant.

-- name: ScanTrees :many
SELECT digest, entries FROM trees WHERE digest > $1 ORDER BY digest LIMIT $2;

-- name: ScanRuns :many
SELECT id, tree, evidence, capsule_digest FROM runs WHERE id > $1 ORDER BY id LIMIT $2;

-- name: ScanExecutions :many
SELECT run_id, position, body FROM executions
WHERE (run_id, position) > (CAST(sqlc.arg(run_id) AS text), CAST(sqlc.arg(position) AS bigint)) ORDER BY run_id, position LIMIT sqlc.arg(most);

-- name: ScanChecks :many
SELECT run_id, position, body FROM checks
WHERE (run_id, position) > (CAST(sqlc.arg(run_id) AS text), CAST(sqlc.arg(position) AS bigint)) AND body LIKE '%sha256:%' ORDER BY run_id, position LIMIT sqlc.arg(most);

-- name: ScanCalls :many
SELECT id, request, answer FROM calls WHERE id > $1 ORDER BY id LIMIT $2;

-- name: ScanEvents :many
SELECT intent_id, seq, data FROM events
WHERE (intent_id, seq) > (CAST(sqlc.arg(intent_id) AS text), CAST(sqlc.arg(seq) AS bigint)) AND data LIKE '%sha256:%' ORDER BY intent_id, seq LIMIT sqlc.arg(most);

-- name: ListIdleTrees :many
SELECT t.digest FROM trees t
WHERE t.digest > sqlc.arg(after) AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.tree = t.digest)
  AND NOT EXISTS (SELECT 1 FROM run_tasks k WHERE k.tree = t.digest) AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.tree = t.digest)
ORDER BY t.digest LIMIT sqlc.arg(most);

-- name: DeleteIdleTree :execrows
DELETE FROM trees
WHERE digest = sqlc.arg(digest) AND NOT EXISTS (SELECT 1 FROM attempts a WHERE a.tree = sqlc.arg(digest))
  AND NOT EXISTS (SELECT 1 FROM run_tasks k WHERE k.tree = sqlc.arg(digest)) AND NOT EXISTS (SELECT 1 FROM runs r WHERE r.tree = sqlc.arg(digest));

-- name: ListExpired :many
-- Runs without a capsule, of intents whose way ended before a time, that have something left to be cleared.
SELECT r.id, r.intent_id FROM runs r JOIN intents i ON i.id = r.intent_id
WHERE r.id > sqlc.arg(after) AND r.capsule_digest = '' AND i.updated_at < sqlc.arg(before)
  AND i.state IN ('needs_input', 'verified', 'unverified', 'failed', 'canceled')
  AND (r.tree <> '' OR r.evidence <> ''
    OR EXISTS (SELECT 1 FROM run_tasks k WHERE k.run_id = r.id AND k.tree IS NOT NULL)
    OR EXISTS (SELECT 1 FROM attempts a WHERE a.run_id = r.id AND a.tree IS NOT NULL)
    OR EXISTS (SELECT 1 FROM executions x WHERE x.run_id = r.id))
ORDER BY r.id LIMIT sqlc.arg(most);

-- name: ClearRun :exec
UPDATE runs SET tree = '', evidence = '' WHERE id = $1;

-- name: ClearTasks :exec
UPDATE run_tasks SET tree = NULL WHERE run_id = $1 AND tree IS NOT NULL;

-- name: ClearAttempts :exec
UPDATE attempts SET tree = NULL WHERE run_id = $1 AND tree IS NOT NULL;

-- name: CountOwned :one
SELECT COUNT(*) AS intents,
    CAST(COALESCE(SUM(CASE WHEN state IN ('needs_input', 'verified', 'unverified', 'failed', 'canceled') THEN 0 ELSE 1 END), 0) AS bigint) AS active
FROM intents WHERE tenant = $1;

-- name: CountCallsUnderWay :one
SELECT COUNT(*) FROM calls
WHERE state = 'reserved' AND (intent_id IN (SELECT o.id FROM intents o WHERE o.tenant = $1)
    OR run_id IN (SELECT r.id FROM runs r JOIN intents i ON i.id = r.intent_id WHERE i.tenant = $1));

-- name: ListScopes :many
SELECT * FROM spending
WHERE scope IN (SELECT 'run:' || i.id FROM intents i WHERE i.tenant = $1)
    OR scope IN (SELECT 'run:' || r.id FROM runs r JOIN intents i ON i.id = r.intent_id WHERE i.tenant = $1)
    OR scope IN (SELECT 'task:' || c.run_id || '/' || c.task_id FROM calls c JOIN runs r ON r.id = c.run_id JOIN intents i ON i.id = r.intent_id WHERE i.tenant = $1)
ORDER BY scope;

-- name: EraseScope :exec
DELETE FROM spending WHERE scope = $1;

-- name: EraseCalls :exec
DELETE FROM calls
WHERE intent_id IN (SELECT o.id FROM intents o WHERE o.tenant = $1)
    OR run_id IN (SELECT r.id FROM runs r JOIN intents i ON i.id = r.intent_id WHERE i.tenant = $1);

-- name: EraseExecutions :exec
DELETE FROM executions WHERE run_id IN (SELECT r.id FROM runs r JOIN intents i ON i.id = r.intent_id WHERE i.tenant = $1);

-- name: EraseChecks :exec
DELETE FROM checks WHERE run_id IN (SELECT r.id FROM runs r JOIN intents i ON i.id = r.intent_id WHERE i.tenant = $1);

-- name: EraseAttempts :exec
DELETE FROM attempts WHERE run_id IN (SELECT r.id FROM runs r JOIN intents i ON i.id = r.intent_id WHERE i.tenant = $1);

-- name: EraseTasks :exec
DELETE FROM run_tasks WHERE run_id IN (SELECT r.id FROM runs r JOIN intents i ON i.id = r.intent_id WHERE i.tenant = $1);

-- name: EraseRuns :exec
DELETE FROM runs WHERE intent_id IN (SELECT o.id FROM intents o WHERE o.tenant = $1);

-- name: EraseEvents :exec
DELETE FROM events WHERE intent_id IN (SELECT o.id FROM intents o WHERE o.tenant = $1);

-- name: ForgetParents :exec
UPDATE intents SET parent = NULL WHERE intents.tenant <> $1 AND intents.parent IN (SELECT p.id FROM intents p WHERE p.tenant = $1);

-- name: EraseIntents :execrows
DELETE FROM intents WHERE tenant = $1;
