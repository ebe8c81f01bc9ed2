-- The engines of types $1 summed up, by type, status, whether their version is in quarantine and whether they hold off.
select s.engine_type, s.status, given_nothing.is_quarantined, given_nothing.is_holding_off, count(*) as engines,
    count(*) filter (where s.max_concurrent_events is null) as unlimited,
    coalesce(sum(greatest(s.max_concurrent_events, held.leases)), 0)::bigint as slots,
    coalesce(sum(held.leases), 0)::bigint as leases_held,
    count(*) filter (where held.leases = 0) as idle
from eventlease.engine_states s
cross join lateral (
    select count(*) as leases from eventlease.event_leases q
    where q.leased_by = s.engine_id
) held
left join eventlease.queues u on u.engine_type = s.engine_type
cross join lateral (
    select
        u.quarantines is not null
            and eventlease.is_quarantined(u.quarantines, s.engine_software_version) as is_quarantined,
        coalesce(s.holding_off_until > statement_timestamp(), false) as is_holding_off
) given_nothing
where s.engine_type = any($1)
group by s.engine_type, s.status, given_nothing.is_quarantined, given_nothing.is_holding_off
