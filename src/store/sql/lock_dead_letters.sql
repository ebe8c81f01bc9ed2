-- Locks dead letters $1 that can be redriven, in the order of their ids, and says whose history was
-- dropped beneath them, or one half of it so far. One that became a dead letter again after $2 is not meant.
select d.event_id, d.engine_type, d.scenario_run_id, d.unique_key,
    fact.is_there is not null and latest.is_there is not null as has_history
from eventlease.dead_letters d
left join lateral (
    select true as is_there from eventlease.events e
    where e.event_id = d.event_id
    limit 1
) fact on true
left join lateral (
    select true as is_there from eventlease.event_attempts a
    where a.event_id = d.event_id and a.attempt = d.attempt
    limit 1
) latest on true
where d.event_id = any($1) and d.redriven_as is null
    and ($2::timestamptz is null or d.dead_lettered_at <= $2)
order by d.event_id
for update of d
