-- name: ReserveScope :execrows
-- Takes the worst case of one call, unless a cap would be passed then: no row is changed in that case. 0 is no cap. A scope's
-- first call is held against the caps by the caller, because there is no row to compare with.
INSERT INTO spending (scope, micros, unpriced, tokens, calls, ms, reserved_micros, reserved_tokens, reserved_calls, reserved_ms)
VALUES (sqlc.arg(scope), 0, 0, 0, 0, 0, sqlc.arg(micros), sqlc.arg(tokens), 1, sqlc.arg(ms))
ON CONFLICT (scope) DO UPDATE SET
    reserved_micros = spending.reserved_micros + excluded.reserved_micros,
    reserved_tokens = spending.reserved_tokens + excluded.reserved_tokens,
    reserved_calls = spending.reserved_calls + 1,
    reserved_ms = spending.reserved_ms + excluded.reserved_ms
WHERE (CAST(sqlc.arg(most_micros) AS bigint) = 0 OR spending.micros + spending.reserved_micros + excluded.reserved_micros <= CAST(sqlc.arg(most_micros) AS bigint))
  AND (CAST(sqlc.arg(most_tokens) AS bigint) = 0 OR spending.tokens + spending.reserved_tokens + excluded.reserved_tokens <= CAST(sqlc.arg(most_tokens) AS bigint))
  AND (CAST(sqlc.arg(most_calls) AS bigint) = 0 OR spending.calls + spending.reserved_calls + 1 <= CAST(sqlc.arg(most_calls) AS bigint))
  AND (CAST(sqlc.arg(most_ms) AS bigint) = 0 OR spending.ms + spending.reserved_ms + excluded.reserved_ms <= CAST(sqlc.arg(most_ms) AS bigint));

-- name: SettleScope :execrows
UPDATE spending SET
    micros = micros + sqlc.arg(micros), unpriced = unpriced + sqlc.arg(unpriced), tokens = tokens + sqlc.arg(tokens), calls = calls + 1, ms = ms + sqlc.arg(ms),
    reserved_micros = reserved_micros - sqlc.arg(reserved_micros), reserved_tokens = reserved_tokens - sqlc.arg(reserved_tokens),
    reserved_calls = reserved_calls - 1, reserved_ms = reserved_ms - sqlc.arg(reserved_ms)
WHERE scope = sqlc.arg(scope);

-- name: GetSpending :one
SELECT * FROM spending WHERE scope = $1;
