-- They are counted by what $17 names, the largest group first, with the beginning of a message of each. An id made later is
-- greater as text too.
select largest.*, sample.message as sample_message
from (
    select
        case when 'engine_type' = any($17::text[]) then engine_type end as engine_type,
        case when 'reason' = any($17) then reason end as reason,
        case when 'event_type' = any($17) then event_type end as event_type,
        case when 'error_type' = any($17) then error_type end as error_type,
        case when 'error_fingerprint' = any($17) then error_fingerprint end as error_fingerprint,
        case when 'engine_software_version' = any($17) then engine_software_version end
            as engine_software_version,
        count(*) as count,
        count(*) filter (where redriven_as is null) as redrivable,
        min(dead_lettered_at) as first_dead_lettered_at,
        max(dead_lettered_at) as last_dead_lettered_at,
        max(event_id::text)::uuid as sample_event_id
    from wanted
    group by 1, 2, 3, 4, 5, 6
    order by count(*) desc, max(dead_lettered_at) desc, max(event_id::text)
    limit $18
) largest
left join lateral (
    select left(d.error_message, $19) as message
    from eventlease.dead_letters d
    where d.event_id = largest.sample_event_id
    limit 1
) sample on true
order by count desc, last_dead_lettered_at desc, sample_event_id::text
