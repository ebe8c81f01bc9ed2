-- What is held of queue $1: when the first lease runs out that was never renewed (what is renewed once is likely to be renewed again);
-- when the $2 leases began that have lasted longest; and how many engines hold a suspect. Without what draining engines hold: they take
-- nothing instead.
select
    min(q.lease_expires_at) filter (
        where q.lease_expires_at <= q.leased_at + make_interval(secs => q.lease_seconds + 1)) as first_end,
    coalesce((array_agg(q.leased_at order by q.leased_at))[1:$2], '{}') as began_at,
    count(distinct q.leased_by) filter (where q.lane > 0) as suspect_holders
from eventlease.event_leases q
where q.engine_type = $1
    and (select s.status from eventlease.engine_states s where s.engine_id = q.leased_by) is distinct from 'draining'
