-- Why most of the newest $3 dead letters of queue $1 died, of those of the last $2 seconds: the largest group by cause and version, with
-- how many they are of how many, the number of causes, and the beginning of a message of theirs.
with newest as materialized (
    select d.event_id, d.error_type, d.error_fingerprint, d.engine_software_version
    from eventlease.dead_letters d
    where d.engine_type = $1 and d.dead_lettered_at > statement_timestamp() - make_interval(secs => $2)
    order by d.dead_lettered_at desc, d.event_id desc
    limit $3
),
largest as materialized (
    select
        newest.error_type,
        newest.error_fingerprint,
        newest.engine_software_version,
        count(*) as count,
        sum(count(*)) over ()::bigint as all_count,
        count(*) over () as causes,
        max(newest.event_id::text)::uuid as sample_event_id
    from newest
    group by newest.error_type, newest.error_fingerprint, newest.engine_software_version
    order by count(*) desc, max(newest.event_id::text)
    limit 1
)
select largest.*, sample.message as sample_message
from largest
left join lateral (
    select left(d.error_message, $4) as message
    from eventlease.dead_letters d
    where d.event_id = largest.sample_event_id
    limit 1
) sample on true
