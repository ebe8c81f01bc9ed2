-- How event $1 stands, and how the attempt with token $2 (without one: the newest of caller $3)
-- ended. One snapshot, also in the middle of a move.
select
    known.event_id,
    exists (
        select from eventlease.engine_states s where s.engine_id = $3::uuid and s.engine_type <> known.engine_type
    ) as is_of_another_type,
    coalesce(q.state, latest.final_status, case when d.event_id is not null then 'failed' end) as event_status,
    coalesce(q.attempt, latest.leases, d.attempt, 0) as current_attempt,
    mine.attempt, mine.outcome, mine.answer, mine.answer_available_at, mine.ended_at, mine.follow_ups
from (
    select e.event_id, e.engine_type from eventlease.events e where e.event_id = $1
    union
    select d.event_id, d.engine_type from eventlease.dead_letters d where d.event_id = $1
) known
left join eventlease.open_events q on q.event_id = $1
left join eventlease.dead_letters d on d.event_id = $1 and d.engine_type = known.engine_type
left join lateral (
    select a.final_status,
        -- what ended an event in its queue is recorded behind its attempts, and is no lease
        case when a.leased_at is null then a.attempt - 1 else a.attempt end as leases
    from eventlease.event_attempts a
    where a.event_id = $1
    order by a.attempt desc
    limit 1
) latest on true
left join lateral (
    select a.attempt, a.outcome, a.answer, a.answer_available_at, a.ended_at, a.follow_ups
    from eventlease.event_attempts a
    where a.event_id = $1
        and case when $2::uuid is not null then a.lease_token = $2
            else a.engine_id is not distinct from $3::uuid and a.leased_at is not null end
    order by a.attempt desc
    limit 1
) mine on true
