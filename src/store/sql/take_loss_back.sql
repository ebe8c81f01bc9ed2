-- Takes a silent loss back: $1 the event, locked and queued; $2 the lost lease's token; $3 the caller. The lane stays: the report
-- that takes the loss back ends the attempt in the same transaction.
with lost as (
    delete from eventlease.event_attempts a
    using eventlease.event_queue q
    where q.event_id = $1 and q.lease_token = $2 and q.state <> 'processing'
        and a.event_id = $1 and a.event_id = q.event_id and a.engine_type = q.engine_type
        and a.attempt = q.attempt
        and a.lease_token = $2
        and ($3::uuid is null or a.engine_id is null or a.engine_id = $3)
    returning a.event_id, a.engine_id, a.incarnation, a.leased_at, a.ended_at, a.progress
)
update eventlease.event_queue q
set state = 'processing',
    lease_losses = q.lease_losses - 1,
    leased_by = lost.engine_id,
    incarnation = lost.incarnation,
    leased_at = lost.leased_at,
    lease_expires_at = least(lost.ended_at, q.lease_deadline_at),
    progress = lost.progress
from lost
where q.event_id = lost.event_id
