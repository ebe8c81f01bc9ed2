-- They are counted by what $13 names, the largest group first. An id made later is greater as text too.
select
    case when 'reason' = any($13::text[]) then reason end as reason,
    case when 'event_type' = any($13) then event_type end as event_type,
    case when 'error_type' = any($13) then error_type end as error_type,
    case when 'engine_software_version' = any($13) then engine_software_version end
        as engine_software_version,
    count(*) as count,
    count(*) filter (where redriven_as is null) as redrivable,
    min(dead_lettered_at) as first_dead_lettered_at,
    max(dead_lettered_at) as last_dead_lettered_at,
    max(event_id::text)::uuid as sample_event_id
from wanted
group by 1, 2, 3, 4
order by count(*) desc, max(dead_lettered_at) desc, max(event_id::text)
limit $14
