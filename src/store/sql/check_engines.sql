-- How engines $1 stand, and whether they hold anything leased since $2.
select s.engine_id, s.engine_type, s.status, s.incarnation,
    s.holds_off or u.quarantines is not null
        and eventlease.is_quarantined(u.quarantines, s.engine_software_version) as is_kept_out,
    exists (
        select from eventlease.event_leases q
        where q.leased_by = asked.engine_id and q.leased_at >= asked.since) as holds_any
from unnest($1::uuid[], $2::timestamptz[]) as asked (engine_id, since)
cross join lateral (
    select s.engine_id, s.engine_type, s.status, s.incarnation, s.engine_software_version,
        coalesce(s.holding_off_until > statement_timestamp(), false) as holds_off
    from eventlease.engine_states s
    where s.engine_id = asked.engine_id
    limit 1
) s
left join lateral (
    select u.quarantines from eventlease.queues u where u.engine_type = s.engine_type limit 1
) u on true
