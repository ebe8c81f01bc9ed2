-- Fingerprints of rule 1 are made anew by housekeeping, like those that are missing. Replicas of the version before go on beside
-- this: what they ask for, letters without a fingerprint, is found by this index too, and what they write by rule 1 is made anew.

create index dead_letters_to_fingerprint on eventlease.dead_letters (event_id)
    where error_fingerprint is null or error_fingerprint_rule = 1;
drop index eventlease.dead_letters_without_fingerprint;

-- Redrive jobs that choose dead letters by a fingerprint: it is not changed before they are done.
create index redrive_jobs_by_fingerprint on eventlease.redrive_jobs ((filter ->> 'error_fingerprint'))
    where state in ('canary', 'redriving', 'paused') and filter ->> 'error_fingerprint' is not null;
