-- The engines of type $1 that are given events: how many they are, how many have not polled since they registered, and when one last did.
select count(*) as engines, count(*) filter (where s.last_poll_at is null) as never, max(s.last_poll_at) as latest_at
from eventlease.engine_states s
left join eventlease.queues u on u.engine_type = s.engine_type
where s.engine_type = $1
    and s.status = 'active'
    and not coalesce(s.holding_off_until > statement_timestamp(), false)
    and not (u.quarantines is not null and eventlease.is_quarantined(u.quarantines, s.engine_software_version))
