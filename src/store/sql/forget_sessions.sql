-- Removes what ended more than $2 seconds ago of the sessions of token $1, but for the latest $3.
delete from eventlease.tokens
where token_id in (
    select token_id from eventlease.tokens
    where session_of = $1 and least(revoked_at, expires_at) < statement_timestamp() - make_interval(secs => $2)
    order by created_at desc, token_id
    offset $3
    for update skip locked)
