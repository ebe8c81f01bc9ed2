-- Locks up to $1 dead letters without a fingerprint or with one of an older rule, and reads what one is made of: the error, or
-- the newest attempt where leases were lost. Of the error itself, which may be large, only where its message is cut to $2
-- characters. What somebody else has locked is left out. The array of attempts is taken apart without looking into its items:
-- PostgreSQL's `->` refuses JSON with a \u0000 anywhere in it.
select d.event_id, d.error_type, d.error_message,
    case when char_length(d.error_message) >= $2 then d.error::text end as error, latest.attempt
from eventlease.dead_letters d
left join lateral (
    select carried.attempt::text as attempt
    from json_array_elements(d.attempts) with ordinality as carried (attempt, number)
    where d.error_message is null
    order by carried.number desc
    limit 1
) latest on true
where (d.error_fingerprint is null or d.error_fingerprint_rule = 1)
    -- A redrive job goes on finding the dead letters whose fingerprint it names.
    and coalesce(d.error_fingerprint <> all (array(
        select j.filter ->> 'error_fingerprint'
        from eventlease.redrive_jobs j
        where j.state in ('canary', 'redriving', 'paused') and j.filter ->> 'error_fingerprint' is not null
    )), true)
order by d.event_id
limit $1
for update of d skip locked
