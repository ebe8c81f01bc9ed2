-- Ends the oldest sessions of token $1 beyond $2. Ends where the columns to return begin.
update eventlease.tokens
set revoked_at = statement_timestamp(), changed_in = pg_current_xact_id()
where token_id in (
    select token_id from eventlease.tokens
    where session_of = $1 and revoked_at is null and expires_at > statement_timestamp()
    order by created_at desc, token_id desc
    offset $2)
returning
