-- Gives locked dead letters $1 their fingerprints $2, made by rule $3.
update eventlease.dead_letters d
set error_fingerprint = made.error_fingerprint, error_fingerprint_rule = $3
from unnest($1::uuid[], $2::text[]) as made (event_id, error_fingerprint)
where d.event_id = made.event_id
