-- How the newest attempts of queues $1 (null: of all queues) ended, by the version of their engines; up to $5 versions, those
-- with the most attempts first. What it costs is bounded: the index alone tells which are the newest $2 attempts of
-- all queues, and of those it reads $3 of a queue and $4 altogether.
with newest as materialized (
    select a.event_id, a.engine_type, a.attempt
    from eventlease.event_attempts a
    order by a.event_id desc
    limit $2
),
placed as (
    select event_id, engine_type, attempt, row_number() over (partition by engine_type order by event_id desc) as place
    from newest
    where $1::text[] is null or engine_type = any($1)
),
chosen as materialized (
    select event_id, engine_type, attempt
    from placed
    where place <= $3
    order by event_id desc
    limit $4
)
select ended.engine_type, ended.engine_software_version, count(*) as attempts,
    count(*) filter (where ended.outcome = 'failed') as failed,
    count(*) filter (where ended.outcome not in ('completed', 'failed')) as lost,
    min(ended.ended_at) as since
from chosen
cross join lateral (
    select a.engine_type, a.engine_software_version, a.outcome, a.ended_at
    from eventlease.event_attempts a
    where a.event_id = chosen.event_id and a.engine_type = chosen.engine_type and a.attempt = chosen.attempt
    limit 1
) ended
where ended.outcome in ('completed', 'failed', 'expired', 'max_lease', 'engine_unresponsive', 'engine_restarted')
group by ended.engine_type, ended.engine_software_version
order by attempts desc, ended.engine_type, ended.engine_software_version
limit $5
