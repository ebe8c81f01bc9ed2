-- Deletes the rows of open events that this transaction has locked, leased or queued, and frees their unique keys. The caller
-- records their attempts.
with leased as (
    delete from eventlease.event_leases where event_id = any($1) returning event_id, engine_type, unique_key
),
queued as (
    delete from eventlease.event_queue where event_id = any($1) returning event_id, engine_type, unique_key
),
keys as materialized (
    select k.tid, k.engine_type
    from (select * from leased union all select * from queued) gone
    cross join lateral (
        select k.ctid as tid, k.engine_type
        from eventlease.open_keys k
        where k.engine_type = gone.engine_type and k.unique_key = gone.unique_key and k.event_id = gone.event_id
        limit 1
    ) k
    where gone.unique_key is not null
)
delete from eventlease.open_keys k
using keys
where k.ctid = keys.tid and (k.engine_type = keys.engine_type) is true
