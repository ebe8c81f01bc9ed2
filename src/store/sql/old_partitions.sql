-- Partitions older than $1 days that hold no open event, and those whose detaching was
-- interrupted or has left a detached table behind.
with days as (
    select
        parent.relname as parent,
        part.relname as partition,
        coalesce(link.inhdetachpending, false) as is_detach_pending,
        to_date(right(part.relname, 8), 'YYYYMMDD') as day
    from pg_class part
    join pg_inherits link on link.inhrelid = part.oid
    join pg_class parent on parent.oid = link.inhparent
    where part.relnamespace = 'eventlease'::regnamespace
        and part.relkind = 'r'
        and parent.relname in ('events', 'event_attempts')
)
select parent::text, partition::text, is_detach_pending
from days
where day < (statement_timestamp() at time zone 'UTC')::date - $1
    and not exists (
        select from eventlease.event_queue q
        where q.event_id >= eventlease.uuid_floor(day::timestamp at time zone 'UTC')
            and q.event_id < eventlease.uuid_floor((day + 1)::timestamp at time zone 'UTC')
    )
order by day
