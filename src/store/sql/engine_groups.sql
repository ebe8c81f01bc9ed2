-- Up to $3 groups of engines, of types $1 if that is not null, counted by what they do. $2: the zombies.
with grouped as (
    select s.engine_type, s.engine_software_version, s.status,
        count(*) as engines,
        count(*) filter (where held.leases = 0) as idle,
        count(*) filter (where held.leases >= s.max_concurrent_events) as "full",
        -- a subquery is hashed, an array would be searched for each engine
        count(*) filter (where s.engine_id in (select unnest($2::uuid[]))) as zombie,
        count(*) filter (where s.holding_off_until > statement_timestamp()) as holding_off,
        count(*) filter (where u.quarantines is not null
            and eventlease.is_quarantined(u.quarantines, s.engine_software_version)) as quarantined,
        sum(held.leases)::bigint as leases_held
    from eventlease.engine_states s
    left join eventlease.queues u on u.engine_type = s.engine_type
    cross join lateral (
        select count(*) as leases
        from eventlease.event_leases q
        where q.leased_by = s.engine_id
    ) held
    where $1::text[] is null or s.engine_type = any($1)
    group by s.engine_type, s.engine_software_version, s.status
)
select engine_type, engine_software_version, status, engines, idle, "full", zombie, holding_off, quarantined, leases_held
from grouped
order by engine_type, engine_software_version nulls first, status
limit $3
