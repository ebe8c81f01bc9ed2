-- Locks redrive job $1, and says what time it is.
select *, statement_timestamp() as now
from eventlease.redrive_jobs
where job_id = $1
for update
