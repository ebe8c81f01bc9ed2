-- The four levels of the retry policy of events $1, which are leased.
select
    q.event_id, q.retry_policy as own_policy, t.retry_policy as type_policy,
    u.retry_policy as queue_policy, s.retry_policy as server_policy
from eventlease.event_leases q
left join eventlease.event_types t on t.event_type = q.event_type
left join eventlease.queues u on u.engine_type = q.engine_type
join eventlease.server_settings s on s.is_only_row
where q.event_id = any($1)
