select extract(epoch from min(coming.available_at) - statement_timestamp())::float8
from generate_series(0, 1) as of_lane
cross join generate_series(0, 9) as of_priority
cross join lateral (
    select q.available_at
    from eventlease.event_queue q
    where q.engine_type = $1
        and q.state = 'queued'
        and q.lane = of_lane::smallint
        and q.priority = of_priority::smallint
        and q.available_at > statement_timestamp()
    order by q.available_at
    limit 1
) coming
