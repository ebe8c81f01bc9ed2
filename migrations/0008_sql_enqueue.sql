-- Enqueueing from SQL, inside the caller's own transaction, by the rules of POST /api/v1/events; and the
-- roles for those who read and enqueue here. What is refused names the argument first.

create function eventlease.refuse_argument(argument text, detail text) returns void
language plpgsql
as $$
begin
    raise exception '%: %', argument, detail using errcode = 'invalid_parameter_value';
end
$$;

-- The name of an engine type or an event type.
create function eventlease.check_plain_name(argument text, name text) returns void
language plpgsql immutable
as $$
begin
    if name is null then
        perform eventlease.refuse_argument(argument, 'is missing');
    elsif name = '' then
        perform eventlease.refuse_argument(argument, 'must not be empty');
    elsif length(name) > 64 then
        perform eventlease.refuse_argument(argument, 'is longer than 64 characters');
    elsif name ~ '[^A-Za-z0-9._:-]' then
        perform eventlease.refuse_argument(argument, format('has the character %L; allowed are letters, digits and . _ : -',
            substring(name from '[^A-Za-z0-9._:-]')));
    end if;
end
$$;

-- Any text without control characters; null passes.
create function eventlease.check_text(argument text, content text, limit_chars integer) returns void
language plpgsql immutable
as $$
begin
    if content = '' then
        perform eventlease.refuse_argument(argument, 'must not be empty');
    elsif length(content) > limit_chars then
        perform eventlease.refuse_argument(argument, format('is longer than %s characters', limit_chars));
    elsif content ~ '[\u0001-\u001f\u007f-\u009f]' then
        perform eventlease.refuse_argument(argument, 'has a control character');
    end if;
end
$$;

-- How deep arrays and objects are nested; what is beyond `most` is all the same.
create function eventlease.is_deeper_than(most integer, content json) returns boolean
language plpgsql immutable
as $$
declare
    -- brackets alone, all of one kind: those inside strings nest nothing
    brackets text := translate(
        regexp_replace(regexp_replace(content::text, '"(?:[^"\\]|\\.)*"', '', 'g'), '[^][{}]', '', 'g'),
        '{}', '[]');
begin
    for level in 1..most loop
        exit when brackets = '';
        -- takes the innermost level away
        brackets := replace(brackets, '[]', '');
    end loop;
    return brackets <> '';
end
$$;

-- A number of a policy, checked; null where it is inherited.
create function eventlease.policy_number(
    argument text, given json, low numeric, high numeric, is_whole boolean
) returns numeric
language plpgsql immutable
as $$
declare
    expected text := format('must be a %s from %s to %s',
        case when is_whole then 'whole number' else 'number' end, low, high);
    number numeric;
begin
    if given is null or json_typeof(given) = 'null' then
        return null;
    elsif json_typeof(given) <> 'number' then
        perform eventlease.refuse_argument(argument, format('%s, not a %s', expected, json_typeof(given)));
    end if;
    -- as its text, so that 1e400 is refused for its size and not for what a type can hold
    if given::text ~ '[eE][+-]?\d{4,}' then
        perform eventlease.refuse_argument(argument, expected);
    end if;
    number := given::text::numeric;
    if number < low or number > high or (is_whole and number <> trunc(number)) then
        perform eventlease.refuse_argument(argument, expected);
    end if;
    return number;
end
$$;

-- Refuses members of an object that are unknown, or given more than once.
create function eventlease.check_members(argument text, given json, known text[]) returns void
language plpgsql immutable
as $$
declare
    wrong text;
begin
    if json_typeof(given) <> 'object' then
        perform eventlease.refuse_argument(argument, format('must be an object, not %s', json_typeof(given)));
    end if;
    select key into wrong from json_object_keys(given) as key where key <> all (known) limit 1;
    if wrong is not null then
        perform eventlease.refuse_argument(argument || '.' || wrong, 'is not a field of this object');
    end if;
    select key into wrong from json_object_keys(given) as key group by key having count(*) > 1 limit 1;
    if wrong is not null then
        perform eventlease.refuse_argument(argument || '.' || wrong, 'is given more than once');
    end if;
end
$$;

-- A retry policy as the service writes it: fields in its order, numbers in its form. That form is
-- part of what makes two bodies under one idempotency key the same.
create function eventlease.checked_retry_policy(given json) returns json
language plpgsql immutable
as $$
declare
    delay json;
    fields text[] := '{}';
    delay_fields text[] := '{}';
    number numeric;
begin
    if given is null or json_typeof(given) = 'null' then
        return null;
    end if;
    perform eventlease.check_members('retry_policy', given,
        array['max_retries', 'retry_delay', 'dead_letter_threshold', 'jitter']);
    number := eventlease.policy_number('retry_policy.max_retries', given -> 'max_retries', 0, 100, true);
    if number is not null then
        fields := fields || format('"max_retries":%s', number::integer);
    end if;
    delay := given -> 'retry_delay';
    if delay is not null and json_typeof(delay) <> 'null' then
        perform eventlease.check_members('retry_policy.retry_delay', delay, array['initial', 'max', 'multiplier']);
        number := eventlease.policy_number('retry_policy.retry_delay.initial', delay -> 'initial', 0, 86400, true);
        if number is not null then
            delay_fields := delay_fields || format('"initial":%s', number::integer);
        end if;
        number := eventlease.policy_number('retry_policy.retry_delay.max', delay -> 'max', 0, 86400, true);
        if number is not null then
            delay_fields := delay_fields || format('"max":%s', number::integer);
        end if;
        number := eventlease.policy_number('retry_policy.retry_delay.multiplier', delay -> 'multiplier', 1, 10, false);
        if number is not null then
            delay_fields := delay_fields || format('"multiplier":%s', eventlease.float_text(number));
        end if;
        fields := fields || format('"retry_delay":{%s}', array_to_string(delay_fields, ','));
    end if;
    number := eventlease.policy_number('retry_policy.dead_letter_threshold', given -> 'dead_letter_threshold', 1, 100, true);
    if number is not null then
        fields := fields || format('"dead_letter_threshold":%s', number::integer);
    end if;
    number := eventlease.policy_number('retry_policy.jitter', given -> 'jitter', 0, 1, false);
    if number is not null then
        fields := fields || format('"jitter":%s', eventlease.float_text(number));
    end if;
    return format('{%s}', array_to_string(fields, ','))::json;
end
$$;

-- The shortest text of a number in double precision, with a point.
create function eventlease.float_text(number numeric) returns text
language sql immutable strict
set extra_float_digits = 1
as $$
    select case when text ~ '[.e]' then text else text || '.0' end from cast(number::float8 as text) as text
$$;

-- What makes two bodies the same, as the service reckons it: each part behind its length.
create function eventlease.body_sha256(variadic parts text[]) returns bytea
language sql immutable
as $$
    select sha256(string_agg(int8send(octet_length(part)) || convert_to(part, 'UTF8'), ''::bytea order by number))
    from unnest(parts) with ordinality as numbered (part, number)
$$;

create function eventlease.enqueue(
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
        -- waits for whoever is just claiming the same key
        insert into eventlease.idempotency_keys as k (engine_type, idempotency_key, event_id, body_sha256, expires_at)
        values (enqueue.engine_type, enqueue.idempotency_key, new_id, sha256_of_body,
            at + make_interval(hours => hours_remembered))
        on conflict on constraint idempotency_keys_pkey do update
        set event_id = excluded.event_id, body_sha256 = excluded.body_sha256, expires_at = excluded.expires_at
        where k.expires_at <= at;
        if not found then
            select k.event_id, k.body_sha256 into known
            from eventlease.idempotency_keys k
            where k.engine_type = enqueue.engine_type and k.idempotency_key = enqueue.idempotency_key
                and k.enqueued_by = '';
            if known.body_sha256 <> sha256_of_body then
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

revoke all on function eventlease.enqueue from public;

-- Makes the roles where they are missing, and gives them what is theirs in this database. Roles
-- belong to the whole cluster, and making them needs CREATEROLE: where that is missing, an
-- administrator calls this again.
create function eventlease.create_roles() returns void
language plpgsql
as $$
declare
    role text;
begin
    foreach role in array array['eventlease_reader', 'eventlease_producer'] loop
        if not exists (select from pg_roles where rolname = role) then
            begin
                execute format('create role %I nologin', role);
                if role = 'eventlease_reader' then
                    -- a forgotten report would keep dead rows from being cleared away
                    alter role eventlease_reader set statement_timeout = '60s';
                    alter role eventlease_reader set idle_in_transaction_session_timeout = '60s';
                end if;
            exception
                when insufficient_privilege then
                    raise notice 'role % was not made, for want of CREATEROLE; whoever has it may call eventlease.create_roles()', role;
                -- another database of this cluster is migrated at the same time
                when duplicate_object or unique_violation then
                    null;
            end;
        end if;
        if exists (select from pg_roles where rolname = role) then
            execute format('grant usage on schema eventlease to %I', role);
        end if;
    end loop;
    if to_regrole('eventlease_reader') is not null then
        grant select on eventlease.event_instances, eventlease.engine_states to eventlease_reader;
    end if;
    if to_regrole('eventlease_producer') is not null then
        grant execute on function eventlease.enqueue to eventlease_producer;
    end if;
end
$$;

revoke all on function eventlease.create_roles from public;

select eventlease.create_roles();
