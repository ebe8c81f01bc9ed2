-- Locks up to $1 dead letters without a fingerprint, and reads what one is made of: the error, or the newest attempt where
-- leases were lost. What somebody else has locked is left out. The array of attempts is taken apart without looking into its
-- items: PostgreSQL's `->` refuses JSON with a \u0000 anywhere in it.
select d.event_id, d.error_type, d.error_message, latest.attempt
from eventlease.dead_letters d
left join lateral (
    select carried.attempt::text as attempt
    from json_array_elements(d.attempts) with ordinality as carried (attempt, number)
    where d.error_message is null
    order by carried.number desc
    limit 1
) latest on true
where d.error_fingerprint is null
order by d.event_id
limit $1
for update of d skip locked
