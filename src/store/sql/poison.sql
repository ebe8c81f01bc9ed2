-- Open events of queues $1 that were lost in silence $3 times or more, by queue, and the one that was lost most. Of the events that
-- wait, the first $2 of each queue, lane and priority are looked at.
with suspects as (
    select q.engine_type, q.event_id, q.lease_losses
    from unnest($1::text[]) as suspected (engine_type)
    cross join generate_series(1, 2) as lanes (number)
    cross join generate_series(0, 9) as priorities (number)
    cross join lateral (
        select w.engine_type, w.event_id, w.lease_losses
        from eventlease.event_queue w
        where w.engine_type = suspected.engine_type and w.lane = lanes.number::smallint
            and w.priority = priorities.number::smallint
        order by w.available_at, w.event_id
        limit $2
    ) q
    union all
    select q.engine_type, q.event_id, q.lease_losses
    from eventlease.event_leases q
    where q.engine_type = any($1) and q.lane > 0
)
select
    engine_type,
    count(*) as count,
    (array_agg(event_id order by lease_losses desc, event_id))[1] as worst,
    max(lease_losses) as lease_losses
from suspects
where lease_losses >= $3
group by engine_type
