-- Unique while open: which open event of a queue has a caller's unique key. A row is inserted with its event, and deleted in
-- the transaction that ends the event; nothing else of it changes. So whoever wants a key waits for those that are just
-- taking or freeing it, and whoever ends an event waits for nobody.
create table eventlease.open_keys (
    engine_type text not null,
    unique_key text not null,
    event_id uuid not null,
    constraint open_keys_pkey primary key (engine_type, unique_key)
) with (
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 500,
    autovacuum_vacuum_cost_delay = 0
);

-- As it was sent, also once the event has ended.
alter table eventlease.events add column unique_key text;

-- Takes a unique key for an event that the calling transaction is about to store; returns the event that has the key: this
-- one, or the open one that had it before. Waits for transactions that are just taking or freeing it. Several keys are
-- claimed in the order of their names (collation "C"), so that no two transactions wait for each other.
--
-- An event that ends between the two statements is seen by neither; then the key is free, and the next try takes it.
create function eventlease.claim_open_key(engine_type text, unique_key text, event_id uuid) returns uuid
language plpgsql volatile
as $$
#variable_conflict use_column
declare
    max_tries constant integer := 100;
    holder uuid;
begin
    for try in 1..max_tries loop
        insert into eventlease.open_keys (engine_type, unique_key, event_id)
        values (claim_open_key.engine_type, claim_open_key.unique_key, claim_open_key.event_id)
        on conflict on constraint open_keys_pkey do nothing;
        if found then
            return claim_open_key.event_id;
        end if;
        select k.event_id into holder
        from eventlease.open_keys k
        where k.engine_type = claim_open_key.engine_type and k.unique_key = claim_open_key.unique_key;
        if found then
            return holder;
        end if;
    end loop;
    raise exception 'unique_key: events that have it come and go too fast'
        using errcode = 'lock_not_available';
end
$$;

-- As before, with one argument more, which makes it another function. Both are there until the rights of the one are given
-- to the other.
create function eventlease.enqueue(
    engine_type text,
    event_type text,
    payload json,
    priority integer default 5,
    delay_seconds integer default 0,
    scenario_run_id text default null,
    idempotency_key text default null,
    visibility_timeout_seconds integer default null,
    retry_policy json default null,
    unique_key text default null
) returns uuid
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set standard_conforming_strings = 'on'
as $$
#variable_conflict use_column
declare
    -- the defaults of the service's limits; see src/domain/limits.rs
    max_payload_bytes constant integer := 1048576;
    max_depth constant integer := 64;
    max_delay_seconds constant integer := 31536000;
    hours_remembered constant integer := 24;
    max_queues constant integer := 10000;
    body text := btrim(enqueue.payload::text, E' \t\n\r');
    at timestamptz := statement_timestamp();
    policy json;
    new_id uuid := eventlease.new_event_id(at, 0);
    holder uuid;
    sha256_of_body bytea;
    sha256_of_terms bytea;
    known record;
begin
    perform eventlease.check_plain_name('engine_type', enqueue.engine_type);
    perform eventlease.check_plain_name('event_type', enqueue.event_type);
    if body is null then
        perform eventlease.refuse_argument('payload', 'is missing');
    elsif octet_length(body) > max_payload_bytes then
        perform eventlease.refuse_argument('payload',
            format('has %s bytes; at most %s are taken', octet_length(body), max_payload_bytes));
    elsif eventlease.is_deeper_than(max_depth, body::json) then
        perform eventlease.refuse_argument('payload', format('is nested deeper than %s levels', max_depth));
    end if;
    enqueue.priority := coalesce(enqueue.priority, 5);
    if enqueue.priority not between 0 and 9 then
        perform eventlease.refuse_argument('priority', 'must be a whole number from 0 to 9');
    end if;
    enqueue.delay_seconds := coalesce(enqueue.delay_seconds, 0);
    if enqueue.delay_seconds not between 0 and max_delay_seconds then
        perform eventlease.refuse_argument('delay_seconds',
            format('must be a whole number from 0 to %s', max_delay_seconds));
    end if;
    perform eventlease.check_text('scenario_run_id', enqueue.scenario_run_id, 64);
    perform eventlease.check_text('idempotency_key', enqueue.idempotency_key, 255);
    perform eventlease.check_text('unique_key', enqueue.unique_key, 256);
    if enqueue.visibility_timeout_seconds not between 1 and 43200 then
        perform eventlease.refuse_argument('visibility_timeout_seconds', 'must be a whole number from 1 to 43200');
    end if;
    policy := eventlease.checked_retry_policy(enqueue.retry_policy);
    if not exists (select from eventlease.queues q where q.engine_type = enqueue.engine_type)
        and (select count(*) from (select from eventlease.queues order by engine_type limit max_queues) there) >= max_queues
    then
        perform eventlease.refuse_argument('engine_type',
            format('would make a queue, and there are %s, as many as there may be', max_queues));
    end if;

    if enqueue.idempotency_key is not null then
        sha256_of_body := eventlease.body_sha256(variadic array_remove(array[
            enqueue.event_type, body, enqueue.priority::text, 'after ' || enqueue.delay_seconds,
            coalesce(enqueue.scenario_run_id, ''), coalesce(enqueue.visibility_timeout_seconds, 0)::text, '0',
            coalesce(policy::text, 'null'), enqueue.unique_key], null));
        sha256_of_terms := eventlease.terms_sha256(enqueue.event_type, enqueue.priority, enqueue.delay_seconds,
            enqueue.scenario_run_id, enqueue.visibility_timeout_seconds, policy, enqueue.unique_key);
        -- waits for whoever is just claiming the same key
        insert into eventlease.idempotency_keys as k
            (engine_type, idempotency_key, event_id, body_sha256, terms_sha256, expires_at)
        values (enqueue.engine_type, enqueue.idempotency_key, new_id, sha256_of_body,
            sha256(sha256_of_body || sha256_of_terms), at + make_interval(hours => hours_remembered))
        on conflict on constraint idempotency_keys_pkey do update
        set event_id = excluded.event_id, body_sha256 = excluded.body_sha256, terms_sha256 = excluded.terms_sha256,
            expires_at = excluded.expires_at
        where k.expires_at <= at;
        if not found then
            select k.event_id, k.body_sha256 = sha256_of_body as has_same_bytes,
                coalesce(k.terms_sha256 = sha256(k.body_sha256 || sha256_of_terms), false) as has_same_terms
            into known
            from eventlease.idempotency_keys k
            where k.engine_type = enqueue.engine_type and k.idempotency_key = enqueue.idempotency_key
                and k.enqueued_by = '';
            if not known.has_same_bytes
                and not (known.has_same_terms
                    and eventlease.is_payload_of(known.event_id, enqueue.engine_type, body))
            then
                raise exception 'idempotency_key: stands for another body'
                    using errcode = 'unique_violation', constraint = 'idempotency_keys_pkey',
                          detail = format('It stands for event %s.', known.event_id);
            end if;
            return known.event_id;
        end if;
    end if;

    perform eventlease.check_run(enqueue.scenario_run_id, enqueue.engine_type);

    if enqueue.unique_key is not null then
        holder := eventlease.claim_open_key(enqueue.engine_type, enqueue.unique_key, new_id);
        if holder <> new_id then
            -- The idempotency key stands for the event that is returned. Where its payload has another value than the one
            -- that came with the key, later bodies are compared by their bytes alone.
            update eventlease.idempotency_keys k
            set event_id = holder,
                terms_sha256 = case when eventlease.is_payload_of(holder, enqueue.engine_type, body) then k.terms_sha256 end
            where k.engine_type = enqueue.engine_type and k.idempotency_key = enqueue.idempotency_key
                and k.enqueued_by = '';
            return holder;
        end if;
    end if;

    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
        scenario_run_id, created_at, idempotency_key, unique_key)
    values (new_id, enqueue.engine_type, enqueue.event_type, body::json, octet_length(body), enqueue.priority,
        enqueue.scenario_run_id, at, enqueue.idempotency_key, enqueue.unique_key);
    insert into eventlease.event_queue (event_id, engine_type, event_type, priority, available_at,
        payload_bytes, visibility_timeout_seconds, retry_policy, scenario_run_id, unique_key)
    values (new_id, enqueue.engine_type, enqueue.event_type, enqueue.priority,
        at + make_interval(secs => enqueue.delay_seconds), octet_length(body), enqueue.visibility_timeout_seconds,
        policy, enqueue.scenario_run_id, enqueue.unique_key);
    insert into eventlease.queues (engine_type) values (enqueue.engine_type) on conflict do nothing;
    -- delivered with the caller's commit, once per queue and transaction
    perform pg_notify('eventlease', enqueue.engine_type);
    return new_id;
end
$$;

-- As before, with the unique key, which counts where there is one. Bodies without one have the hashes they had.
create function eventlease.terms_sha256(
    event_type text,
    priority integer,
    delay_seconds integer,
    scenario_run_id text,
    visibility_timeout_seconds integer,
    policy json,
    unique_key text
) returns bytea
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
    select eventlease.body_sha256(variadic array_remove(array[
        event_type,
        'priority=' || nullif(priority, 5),
        'delay_seconds=' || nullif(delay_seconds, 0),
        'scenario_run_id=' || scenario_run_id,
        'visibility_timeout_seconds=' || visibility_timeout_seconds,
        'unique_key=' || unique_key,
        'max_retries=' || (policy ->> 'max_retries'),
        'initial=' || (policy #>> '{retry_delay,initial}'),
        'max=' || (policy #>> '{retry_delay,max}'),
        -- numbers with a fraction by their bits: one number has several texts
        'multiplier=' || encode(float8send((policy #>> '{retry_delay,multiplier}')::float8), 'hex'),
        'dead_letter_threshold=' || (policy ->> 'dead_letter_threshold'),
        'jitter=' || encode(float8send((policy ->> 'jitter')::float8), 'hex')
    ], null))
$$;

revoke all on function eventlease.enqueue(text, text, json, integer, integer, text, text, integer, json, text) from public;

do $$
declare
    before constant regprocedure :=
        'eventlease.enqueue(text, text, json, integer, integer, text, text, integer, json)'::regprocedure;
    role text;
begin
    for role in
        select granted.grantee::regrole::text
        from pg_proc p
        cross join lateral aclexplode(p.proacl) granted
        where p.oid = before and granted.grantee not in (0, p.proowner) and granted.privilege_type = 'EXECUTE'
    loop
        execute format(
            'grant execute on function eventlease.enqueue(text, text, json, integer, integer, text, text, integer, json, text) to %s',
            role);
    end loop;
end
$$;

drop function eventlease.enqueue(text, text, json, integer, integer, text, text, integer, json);
drop function eventlease.terms_sha256(text, integer, integer, text, integer, json);
