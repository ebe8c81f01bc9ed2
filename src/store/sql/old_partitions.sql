-- Partitions older than $1 days that hold no open event, and those of the history of queues that ended more than $2 hours ago; among
-- them those whose detaching was interrupted, and tables that were detached and not dropped any more.
with days as (
    select
        substring(part.relname from '^(.*)_') as parent,
        part.relname as partition,
        link.inhrelid is not null as is_attached,
        coalesce(link.inhdetachpending, false) as is_detach_pending,
        to_date(right(part.relname, 8), 'YYYYMMDD') as day
    from pg_class part
    left join pg_inherits link on link.inhrelid = part.oid
    where part.relnamespace = 'eventlease'::regnamespace
        and part.relkind = 'r'
        and part.relname ~ '^(events|event_attempts|queue_history)_[0-9]{8}$'
)
select parent, partition::text, is_attached, is_detach_pending
from days
where case parent
    when 'queue_history'
    then (day + 1)::timestamp at time zone 'UTC' < statement_timestamp() - make_interval(hours => $2)
    else day < (statement_timestamp() at time zone 'UTC')::date - $1
        and not exists (
            select from eventlease.event_queue q
            where q.event_id >= eventlease.uuid_floor(day::timestamp at time zone 'UTC')
                and q.event_id < eventlease.uuid_floor((day + 1)::timestamp at time zone 'UTC')
        )
        and not exists (
            select from eventlease.event_leases q
            where q.event_id >= eventlease.uuid_floor(day::timestamp at time zone 'UTC')
                and q.event_id < eventlease.uuid_floor((day + 1)::timestamp at time zone 'UTC')
        )
    end
order by day
