-- Who an engine is, and sessions of browsers. Replicas of the version before can go on beside this: they add no row that
-- these columns must be set in.
alter table eventlease.tokens
    -- of an engine's token that ended, or is about to, since the engine registered again: when it did
    add column superseded_at timestamptz,
    -- of a session: the token that was shown to begin it, with which it ends
    add column session_of uuid,
    add constraint tokens_superseded check (superseded_at is null or role = 'engine'),
    add constraint tokens_session check (session_of is null or expires_at is not null and role <> 'engine');

create index tokens_of_token on eventlease.tokens (session_of, created_at) where session_of is not null;

-- One row: which installation this is. Cookies are named after it, since browsers do not keep them apart by port.
create table eventlease.installation (
    is_only_row boolean not null default true,
    installation_id uuid not null default gen_random_uuid(),
    constraint installation_pkey primary key (is_only_row),
    constraint installation_one_row check (is_only_row)
);

insert into eventlease.installation default values;
