-- Forgets redrive job $1, of whose dead letters nothing is left.
delete from eventlease.redrive_jobs where job_id = $1
