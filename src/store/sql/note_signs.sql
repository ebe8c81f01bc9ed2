-- Notes calls of engines, and answers those whose rows others have locked: they are not noted yet.
with noted as (
    select * from unnest($1::uuid[], $2::boolean[]) as noted (engine_id, has_polled)
),
seen as (
    select s.engine_id, noted.has_polled
    from noted
    join eventlease.engine_states s on s.engine_id = noted.engine_id
    order by s.engine_id
    for no key update of s skip locked
),
written as (
    update eventlease.engine_states s
    set last_seen_at = greatest(s.last_seen_at, statement_timestamp()),
        last_poll_at = case when seen.has_polled then statement_timestamp() else s.last_poll_at end,
        status = case when s.status <> 'unresponsive' then s.status
            when s.drain_requested_at is null then 'active' else 'draining' end,
        unresponsive_since = null
    from seen
    where s.engine_id = seen.engine_id
    returning s.engine_id
)
select noted.engine_id, noted.has_polled
from noted
join eventlease.engine_states s on s.engine_id = noted.engine_id
where not exists (select from written where written.engine_id = noted.engine_id)
