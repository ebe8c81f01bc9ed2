-- Removes dead letters $1. One that became a dead letter again after $2 is not meant.
with meant as (
    select event_id, engine_type
    from eventlease.dead_letters
    where event_id = any($1) and dead_lettered_at <= $2
    order by event_id
    for update
)
delete from eventlease.dead_letters d
using meant
where d.event_id = meant.event_id and d.engine_type = meant.engine_type
returning d.event_id
