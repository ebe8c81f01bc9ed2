-- The next $19 of them that were dead letters at $16, the oldest first: those behind the one with id $18, which died at $17. Null
-- stands for the beginning.
select event_id, dead_lettered_at, payload_bytes
from wanted
where dead_lettered_at <= $16
    and ($17::timestamptz is null or (dead_lettered_at, event_id) > ($17, $18::uuid))
order by dead_lettered_at, event_id
limit $19
