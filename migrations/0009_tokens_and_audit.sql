-- Who may do what: bearer tokens, of which only the SHA-256 is kept.
create table eventlease.tokens (
    token_id uuid not null,
    -- who shows it; several tokens of one name are the same caller, so that one can take another's place
    name text not null,
    role text not null,
    -- null: not limited to engine types
    engine_types text[],
    -- of the role engine: the one it speaks for
    engine_id uuid,
    sha256 bytea not null,
    created_at timestamptz not null default statement_timestamp(),
    created_by text not null,
    -- the token that was shown for it, if there was one
    created_by_token_id uuid,
    expires_at timestamptz,
    -- what it was made to expire at: a newer one of its engine may have cut expires_at short, and takes this over
    granted_until timestamptz,
    revoked_at timestamptz,
    -- written now and then, not with each call
    last_used_at timestamptz,
    -- the transaction that made or revoked it: by it replicas read what is new to them, also what was committed
    -- later than something that began after it
    changed_in xid8 not null default pg_current_xact_id(),
    constraint tokens_pkey primary key (token_id),
    constraint tokens_sha256_key unique (sha256),
    constraint tokens_sha256 check (octet_length(sha256) = 32),
    constraint tokens_role check (role in
        ('engine', 'producer', 'orchestrator', 'operator', 'admin', 'reader', 'registrar')),
    constraint tokens_engine check ((role = 'engine') = (engine_id is not null)),
    constraint tokens_engine_types check (
        cardinality(engine_types) >= 1 or (engine_types is null and role <> 'registrar'))
);

create index tokens_by_change on eventlease.tokens (changed_in);
create index tokens_newest on eventlease.tokens (created_at, token_id);
create index tokens_of_engine on eventlease.tokens (engine_id) where engine_id is not null;

-- One row, from the first start with authentication on: replicas that start together make one first token.
create table eventlease.first_admin (
    is_only_row boolean not null default true,
    made_at timestamptz not null default statement_timestamp(),
    constraint first_admin_pkey primary key (is_only_row),
    constraint first_admin_one_row check (is_only_row)
);

-- What operators and admins changed; insert only, but for what is older than the retention.
create table eventlease.audit (
    -- of version 7: in the order of time
    audit_id uuid not null default eventlease.new_event_id(statement_timestamp(), 0),
    recorded_at timestamptz not null default statement_timestamp(),
    actor text not null,
    token_id uuid,
    role text,
    address text,
    request_id text,
    -- the operation, and what it was done to
    action text not null,
    subject text not null,
    details json not null,
    constraint audit_pkey primary key (audit_id)
);

create index audit_by_age on eventlease.audit (recorded_at);

-- Whose event it is: the name of the token that brought it; null without authentication, and from SQL.
alter table eventlease.events add column enqueued_by text;
alter table eventlease.dead_letters add column enqueued_by text;
