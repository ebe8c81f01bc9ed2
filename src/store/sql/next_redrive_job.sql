-- Locks up to $1 redrive jobs: those whose next steps have been due for longest, of those that nobody else has locked.
select job_id
from eventlease.redrive_jobs
where next_step_at <= statement_timestamp()
order by next_step_at
limit $1
for update skip locked
