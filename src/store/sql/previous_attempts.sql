-- How attempts ended: of each event of $3 the attempt at the same place in $4. No event is before $1 or behind $2.
select event_id, outcome as previous_outcome, error as previous_error, progress as previous_progress,
    ended_at as previous_ended_at, code as previous_code, reason as previous_reason
from eventlease.event_attempts
where event_id = any($3::uuid[]) and event_id between $1 and $2
    and attempt = ($4::integer[])[array_position($3::uuid[], event_id)]
