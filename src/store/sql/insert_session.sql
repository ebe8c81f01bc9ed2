-- Makes the token of a session ($1, with digest $2) out of token $3: the same caller with the same reach, for $4 seconds at
-- most and no longer than that one. Ends where the columns to return begin.
insert into eventlease.tokens (token_id, name, role, engine_types, sha256, created_by, created_by_token_id,
    expires_at, granted_until, session_of)
select $1, of.name, of.role, of.engine_types, $2, of.name, of.token_id, until.at, until.at, of.token_id
from eventlease.tokens of
cross join lateral (
    select least(of.expires_at, statement_timestamp() + make_interval(secs => $4)) as at
) until
where of.token_id = $3
returning
