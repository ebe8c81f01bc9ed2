-- What all replicas together counted of queue $1 in the present ten seconds and the 290 seconds before.
select
    coalesce(sum(a.enqueued), 0)::bigint,
    coalesce(sum(a.completed), 0)::bigint,
    coalesce(sum(a.failed), 0)::bigint,
    coalesce(sum(a.lost), 0)::bigint,
    coalesce(sum(a.released), 0)::bigint,
    coalesce(sum(a.late), 0)::bigint,
    coalesce(sum(a.dead_lettered), 0)::bigint,
    coalesce(sum(a.cancelled), 0)::bigint
from (
    select to_timestamp(floor(extract(epoch from statement_timestamp()) / 10) * 10) - interval '290 seconds' as begin_at
) counted
join eventlease.queue_activity a on a.period_at >= counted.begin_at
where a.engine_type = $1
