-- Checks up to $3 open events of redrive job $1 for whether they have ended: those of the dead letters behind $2, or from the first on.
-- Notes how they ended.
with checked as (
    select r.event_id, r.queued_event_id
    from eventlease.redriven_by_jobs r
    where r.job_id = $1 and r.outcome is null
        and r.event_id > coalesce($2::uuid, '00000000-0000-0000-0000-000000000000')
    order by r.event_id
    limit $3
),
ended as materialized (
    select checked.event_id,
        case latest.final_status
            when 'completed' then 'completed'
            when 'failed' then 'died_again'
            when 'cancelled' then 'cancelled'
            -- its history is past the retention
            else 'unknown'
        end as outcome
    from checked
    left join lateral (
        select true as is_there
        from eventlease.open_events q
        where q.event_id = checked.queued_event_id
        limit 1
    ) q on true
    left join lateral (
        select a.final_status
        from eventlease.event_attempts a
        where a.event_id = checked.queued_event_id
        order by a.attempt desc
        limit 1
    ) latest on true
    where q.is_there is null
),
noted as (
    update eventlease.redriven_by_jobs r
    set outcome = ended.outcome
    from ended
    where r.job_id = $1 and r.event_id = ended.event_id
    returning r.outcome
)
select
    (select count(*) from checked) as checked,
    (select event_id from checked order by event_id desc limit 1) as checked_up_to_id,
    count(*) as ended,
    count(*) filter (where outcome = 'completed') as completed,
    count(*) filter (where outcome = 'died_again') as died_again,
    count(*) filter (where outcome = 'cancelled') as cancelled,
    count(*) filter (where outcome = 'unknown') as unknown
from noted
