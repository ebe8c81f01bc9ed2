-- Ends the tokens of engine $1: at once, but for token $2, or all of them if $4, which end in $3 seconds. They were superseded
-- if $5, by the engine's latest registration. Ends where the columns to return begin.
update eventlease.tokens
set revoked_at = case when $4 or token_id = $2 then null else statement_timestamp() end,
    expires_at = case when $4 or token_id = $2
        then least(expires_at, statement_timestamp() + make_interval(secs => $3)) else expires_at end,
    superseded_at = case when $5
        then (select s.registered_at from eventlease.engine_states s where s.engine_id = $1)
        else superseded_at end,
    changed_in = pg_current_xact_id()
where engine_id = $1 and revoked_at is null
returning
