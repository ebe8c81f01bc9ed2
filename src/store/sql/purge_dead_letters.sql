-- Removes dead letters $1. One that became a dead letter again after $2 is not meant.
with meant as (
    select event_id
    from eventlease.dead_letters
    -- "is true": else all that are older might be read in the index of the newest
    where event_id = any($1) and (dead_lettered_at <= $2) is true
    order by event_id
    for update
)
delete from eventlease.dead_letters d
using meant
where d.event_id = meant.event_id
returning d.event_id
