-- Whether today (UTC) has its partitions, and how many days after it, to $1, without a gap. A table that was not
-- attached, or is just being detached, takes nothing.
with days as (
    select
        parent,
        ahead,
        exists (
            select from pg_inherits link
            join pg_class part on part.oid = link.inhrelid
            where link.inhparent = to_regclass('eventlease.' || parent)
                and not link.inhdetachpending
                and part.relname = parent || '_'
                    || to_char((statement_timestamp() at time zone 'UTC')::date + ahead, 'YYYYMMDD')
        ) as is_there
    from unnest(array['events', 'event_attempts']) as parent
    cross join generate_series(0, $1) as ahead
)
select
    parent as "table",
    bool_or(is_there) filter (where ahead = 0) as has_today,
    coalesce(min(ahead) filter (where ahead > 0 and not is_there) - 1, $1) as days_ahead
from days
group by parent
order by parent desc
