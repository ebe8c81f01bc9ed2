-- Reads redrive job $1.
select * from eventlease.redrive_jobs where job_id = $1
