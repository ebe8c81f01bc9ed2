-- The next $20 of them that were dead letters at $17, the oldest first: those behind the one with id $19, which died at $18. Null
-- stands for the beginning.
select event_id, dead_lettered_at, payload_bytes
from wanted
where dead_lettered_at <= $17
    and ($18::timestamptz is null or (dead_lettered_at, event_id) > ($18, $19::uuid))
order by dead_lettered_at, event_id
limit $20
