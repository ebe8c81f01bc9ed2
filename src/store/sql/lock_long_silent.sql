-- Up to $3 engines that have been silent for $1 days and hold nothing, locked: those with a heartbeat timeout since they
-- became unresponsive, the others since their last call. After the service was away, the first have their timeout to call,
-- the others $1 days; and nobody is removed before its first sign, $2 seconds after the last one at the latest.
select s.engine_id
from eventlease.engine_states s
cross join eventlease.service_signs signs
where case when s.heartbeat_timeout_seconds is null
        then greatest(s.last_seen_at, signs.grace_since) < statement_timestamp() - make_interval(days => $1)
        else s.status = 'unresponsive'
            and s.unresponsive_since < statement_timestamp() - make_interval(days => $1)
            and signs.grace_since < statement_timestamp() - make_interval(secs => s.heartbeat_timeout_seconds) end
    and signs.last_sign_at >= statement_timestamp() - make_interval(secs => $2)
    and not exists (select from eventlease.event_leases q where q.leased_by = s.engine_id)
order by s.engine_id
limit $3
for update of s skip locked
