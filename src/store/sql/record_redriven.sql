-- Records that redrive job $1 has redriven dead letters $2, as events $3. One that it has redriven before is an error.
insert into eventlease.redriven_by_jobs (job_id, event_id, queued_event_id)
select $1, redriven.event_id, redriven.queued_event_id
from unnest($2::uuid[], $3::uuid[]) as redriven (event_id, queued_event_id)
