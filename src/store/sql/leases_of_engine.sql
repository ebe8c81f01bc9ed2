-- Up to $6 leases of engine $3, the newest first, behind the place ($4, $5); in brief if $7. To be followed by `leased`.
with leased as (
    select q.*, $7::boolean as is_brief, row_number() over (order by q.leased_at desc, q.event_id desc) as ordinal
    from eventlease.event_leases q
    where q.leased_by = $3 and (q.leased_at, q.event_id) < ($4::timestamptz, $5::uuid)
    order by q.leased_at desc, q.event_id desc
    limit $6
)
