-- The next $2 due events of queue $1, with payload if $3, behind the place ($4, $5, $6): that priority, time and id.
select next.event_id, next.event_type, case when $3 then fact.payload end as payload, next.payload_bytes,
    next.priority, next.attempt, next.lane > 0 as is_suspect, next.available_at, fact.created_at
from (
    select due.*
    from generate_series(0, 2) as lanes (number)
    cross join generate_series(0, 9) as priorities (number)
    cross join lateral (
        select q.event_id, q.engine_type, q.event_type, q.payload_bytes, q.priority, q.attempt, q.lane,
            q.available_at
        from eventlease.event_queue q
        where q.engine_type = $1 and q.lane = lanes.number::smallint and q.priority = priorities.number::smallint
            and q.available_at <= statement_timestamp()
            and (q.available_at, q.event_id) > (
                case when priorities.number = $4::integer then $5::timestamptz else '-infinity' end,
                case when priorities.number = $4 then $6::uuid else '00000000-0000-0000-0000-000000000000' end)
        order by q.available_at, q.event_id
        limit $2
    ) due
    where priorities.number <= $4
    order by due.priority desc, due.available_at, due.event_id
    limit $2
) next
cross join lateral (
    select e.payload, e.created_at from eventlease.events e
    where e.event_id = next.event_id and e.engine_type = next.engine_type
    limit 1
) fact
order by next.priority desc, next.available_at, next.event_id
