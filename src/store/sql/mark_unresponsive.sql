-- Engines that sent nothing at all for their heartbeat timeout. The time in which the
-- service was away counts against nobody; also not before the first sign after it, for a round that it
-- interrupted. $1: below it a timeout is short; $2 and $3: an absence in seconds, and a short one.
with silent as (
    select s.engine_id
    from eventlease.engine_states s
    cross join eventlease.service_signs signs
    where s.status <> 'unresponsive'
        -- follows from what comes next, and is all that has to be asked of an engine that called
        and s.last_seen_at + s.heartbeat_timeout_seconds * interval '1 second' < statement_timestamp()
        and greatest(s.last_seen_at, signs.grace_since,
                case when s.heartbeat_timeout_seconds < $1 then signs.hiccup_since end)
            < statement_timestamp() - make_interval(secs => s.heartbeat_timeout_seconds)
        and signs.last_sign_at >= statement_timestamp()
            - make_interval(secs => case when s.heartbeat_timeout_seconds < $1 then $3 else $2 end)
    order by s.engine_id
    for no key update of s skip locked
)
update eventlease.engine_states s
set status = 'unresponsive', unresponsive_since = statement_timestamp()
from silent
where s.engine_id = silent.engine_id
returning s.engine_id, s.engine_type
