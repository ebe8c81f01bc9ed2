-- Revokes the sessions that began with token $1. Ends where the columns to return begin.
update eventlease.tokens
set revoked_at = statement_timestamp(), changed_in = pg_current_xact_id()
where session_of = $1 and revoked_at is null
returning
