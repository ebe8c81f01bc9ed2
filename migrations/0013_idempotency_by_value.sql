-- Two bodies under one idempotency key are the same where their values are: the terms (all members but the payload) by a
-- hash, the payloads as jsonb. The hash of the whole body stays what it was, so that replicas of the version before
-- go on, and only bodies of other bytes are compared further.

-- SHA-256 of `body_sha256` and the terms' own SHA-256 (`eventlease.terms_sha256`). Null, or of another `body_sha256`, where
-- a replica of the version before has claimed the key: then the bytes alone decide.
alter table eventlease.idempotency_keys add column terms_sha256 bytea;

-- What makes the terms of two bodies the same, as the service reckons it (src/broker/enqueue/terms.rs): the event's type, and
-- each term that is not its default. `policy` is as `checked_retry_policy` writes it.
create function eventlease.terms_sha256(
    event_type text,
    priority integer,
    delay_seconds integer,
    scenario_run_id text,
    visibility_timeout_seconds integer,
    policy json
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
        'max_retries=' || (policy ->> 'max_retries'),
        'initial=' || (policy #>> '{retry_delay,initial}'),
        'max=' || (policy #>> '{retry_delay,max}'),
        -- numbers with a fraction by their bits: one number has several texts
        'multiplier=' || encode(float8send((policy #>> '{retry_delay,multiplier}')::float8), 'hex'),
        'dead_letter_threshold=' || (policy ->> 'dead_letter_threshold'),
        'jitter=' || encode(float8send((policy ->> 'jitter')::float8), 'hex')
    ], null))
$$;

-- True where JSON has the same value as the stored payload of an event. What jsonb cannot hold, like the character
-- U+0000 or a number of a million digits, has no value to compare, and is different; so is the payload of an event that
-- is not stored any more.
create function eventlease.is_payload_of(event_id uuid, engine_type text, content text) returns boolean
language plpgsql stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    stored text;
begin
    select e.payload::text into stored
    from eventlease.events e
    where e.event_id = is_payload_of.event_id and e.engine_type = is_payload_of.engine_type;
    return coalesce(stored::jsonb = content::jsonb, false);
exception
    when data_exception or program_limit_exceeded then
        return false;
end
$$;

-- As before; only how two bodies under one key are compared is new.
create or replace function eventlease.enqueue(
    engine_type text,
    event_type text,
    payload json,
    priority integer default 5,
    delay_seconds integer default 0,
    scenario_run_id text default null,
    idempotency_key text default null,
    visibility_timeout_seconds integer default null,
    retry_policy json default null
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
        sha256_of_body := eventlease.body_sha256(
            enqueue.event_type, body, enqueue.priority::text, 'after ' || enqueue.delay_seconds,
            coalesce(enqueue.scenario_run_id, ''), coalesce(enqueue.visibility_timeout_seconds, 0)::text, '0',
            coalesce(policy::text, 'null'));
        sha256_of_terms := eventlease.terms_sha256(enqueue.event_type, enqueue.priority, enqueue.delay_seconds,
            enqueue.scenario_run_id, enqueue.visibility_timeout_seconds, policy);
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

    insert into eventlease.events (event_id, engine_type, event_type, payload, payload_bytes, priority,
        scenario_run_id, created_at, idempotency_key)
    values (new_id, enqueue.engine_type, enqueue.event_type, body::json, octet_length(body), enqueue.priority,
        enqueue.scenario_run_id, at, enqueue.idempotency_key);
    insert into eventlease.event_queue (event_id, engine_type, event_type, state, priority, available_at,
        payload_bytes, visibility_timeout_seconds, retry_policy)
    values (new_id, enqueue.engine_type, enqueue.event_type, 'queued', enqueue.priority,
        at + make_interval(secs => enqueue.delay_seconds), octet_length(body), enqueue.visibility_timeout_seconds,
        policy);
    insert into eventlease.queues (engine_type) values (enqueue.engine_type) on conflict do nothing;
    -- delivered with the caller's commit, once per queue and transaction
    perform pg_notify('eventlease', enqueue.engine_type);
    return new_id;
end
$$;
