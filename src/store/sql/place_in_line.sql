-- Where queued event $1 stands in its line: how many due events of its queue and lane are leased before it, counted up to $2, and
-- how many of these have a higher priority. Nothing while it is not queued. Priority by priority: only so is a time a range of the index.
with own as materialized (
    select q.event_id, q.engine_type, q.lane, q.priority, q.available_at
    from eventlease.event_queue q
    where q.event_id = $1
    limit 1
)
select own.lane, ahead.events as ahead, ahead.by_priority as ahead_by_priority
from own
cross join lateral (
    select count(*) as events, count(*) filter (where before.priority > own.priority) as by_priority
    from (
        select of_priority.priority
        from generate_series(own.priority, 9) as number
        cross join lateral (
            select q.priority from eventlease.event_queue q
            where q.engine_type = own.engine_type and q.lane = own.lane and q.priority = number::smallint
                and q.available_at <= statement_timestamp()
                and (q.available_at, q.event_id)
                    < (case when number = own.priority then own.available_at else 'infinity' end, own.event_id)
            order by q.available_at, q.event_id
            limit $2
        ) of_priority
        limit $2
    ) before
) ahead
