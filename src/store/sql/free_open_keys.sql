-- Frees the unique keys of leased events $1, which this transaction has locked and is about to end.
with keys as materialized (
    select k.tid, k.engine_type
    from unnest($1::uuid[]) as ending (event_id)
    cross join lateral (
        select q.engine_type, q.unique_key
        from eventlease.event_leases q
        where q.event_id = ending.event_id and q.unique_key is not null
        limit 1
    ) q
    cross join lateral (
        select k.ctid as tid, k.engine_type
        from eventlease.open_keys k
        where k.engine_type = q.engine_type and k.unique_key = q.unique_key and k.event_id = ending.event_id
        limit 1
    ) k
)
delete from eventlease.open_keys k
using keys
where k.ctid = keys.tid and (k.engine_type = keys.engine_type) is true
