-- Event ids are UUIDs of version 7 (RFC 9562) made from the database's time, so that an id is
-- its creation time and the partitions by id are partitions by day.

-- The smallest UUID a given time can have: the lower bound of a partition.
create function eventlease.uuid_floor(at timestamptz) returns uuid
language sql immutable strict parallel safe
as $$
    select encode(
        substring(int8send(floor(extract(epoch from at) * 1000)::bigint) from 3)
            || '\x00000000000000000000'::bytea,
        'hex')::uuid
$$;

-- A new event id. Bits: 48 of milliseconds, the version, 12 of the millisecond's fraction, the
-- variant, 14 of `ordinal` (so that the events of one batch sort as they were sent), 48 random.
create function eventlease.new_event_id(at timestamptz, ordinal integer) returns uuid
language sql volatile strict parallel safe
as $$
    select encode(
        substring(int8send(floor(extract(epoch from at) * 1000)::bigint) from 3)
            || substring(int4send(
                28672 + mod(extract(microseconds from at)::bigint, 1000)::integer * 4096 / 1000
            ) from 3)
            || substring(int4send(32768 + (ordinal & 16383)) from 3)
            || substring(uuid_send(gen_random_uuid()) from 11),
        'hex')::uuid
$$;
