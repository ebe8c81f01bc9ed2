-- Of events $1, where they stand and whose they are, without payload, result or error; in any order. One that is not known
-- is not in the answer. A dead letter is found also after the partition of its event is gone.
select
    fact.event_id,
    fact.engine_type,
    fact.event_type,
    coalesce(q.state, latest.final_status, case when d.event_id is not null then 'failed' end) as status,
    fact.created_at,
    case when q.event_id is null then coalesce(latest.ended_at, d.dead_lettered_at) end as finished_at,
    coalesce(q.attempt, latest.leases, d.attempt, 0) as attempt,
    fact.enqueued_by
from unnest($1::uuid[]) as asked (event_id)
cross join lateral (
    select e.event_id, e.engine_type, e.event_type, e.created_at, e.enqueued_by
    from eventlease.events e
    where e.event_id = asked.event_id
    union all
    select d.event_id, d.engine_type, d.event_type, d.created_at, d.enqueued_by
    from eventlease.dead_letters d
    where d.event_id = asked.event_id and not exists (select from eventlease.events e where e.event_id = asked.event_id)
    -- each look-up has its limit, so that none is turned into a join that reads a whole table
    limit 1
) fact
left join lateral (
    select q.event_id, q.state, q.attempt
    from eventlease.open_events q
    where q.event_id = asked.event_id
    limit 1
) q on true
left join lateral (
    select d.event_id, d.dead_lettered_at, d.attempt
    from eventlease.dead_letters d
    where d.event_id = asked.event_id and d.engine_type = fact.engine_type
    limit 1
) d on true
left join lateral (
    select a.ended_at, a.final_status,
        -- what ended an event in its queue is recorded behind its attempts, and is no lease
        case when a.leased_at is null then a.attempt - 1 else a.attempt end as leases
    from eventlease.event_attempts a
    where a.event_id = asked.event_id
    order by a.attempt desc
    limit 1
) latest on true
