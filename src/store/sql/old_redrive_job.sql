-- Locks a redrive job that redrives nothing and has not changed its state for $1 days.
select job_id
from eventlease.redrive_jobs
where state not in ('canary', 'redriving') and state_changed_at < statement_timestamp() - make_interval(days => $1)
order by job_id
limit 1
for update skip locked
