-- Attempts that dead letter $1 carries, the newest first: up to $3 of those before attempt $2. An attempt's number is
-- its ordinal in the array, as in `read_dead_letter`.
select carried.attempt::text as attempt, carried.number
from eventlease.dead_letters d
cross join lateral json_array_elements(d.attempts) with ordinality as carried (attempt, number)
where d.event_id = $1 and carried.number < $2
order by carried.number desc
limit $3
