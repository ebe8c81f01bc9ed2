-- What `lock_engines` locks, behind the columns.
from eventlease.engine_states s
left join eventlease.queues u on u.engine_type = s.engine_type
where s.engine_id = any($1)
order by s.engine_id
for no key update of s
