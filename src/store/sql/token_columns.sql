    -- a token, as it is read
    token_id, name, role, engine_types, engine_id, sha256, created_at, created_by, expires_at,
    extract(epoch from expires_at - statement_timestamp())::float8 as expires_in_seconds,
    revoked_at, superseded_at, session_of, last_used_at
