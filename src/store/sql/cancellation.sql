-- Which entry of the audit trail says that event $1 was cancelled: by its id; with its run $2, which may be null; or with others of its queue
-- $3, in the transaction that ended it. It was created at $4 and ended at $5.
select a.action, a.recorded_at
from eventlease.audit a
where a.recorded_at >= $4::timestamptz and a.recorded_at < $5::timestamptz + interval '1 minute'
    and (
        a.action = 'cancel_event' and a.subject = $1
        or a.action = 'cancel_scenario_run' and a.subject = $2
        or a.action = 'cancel_events' and a.subject in ($3, 'events') and a.recorded_at >= $5
    )
order by a.action = 'cancel_event' desc, a.action = 'cancel_scenario_run' desc, a.recorded_at
limit 1
