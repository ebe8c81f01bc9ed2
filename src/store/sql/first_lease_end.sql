-- When the first lease of queue $1 runs out that was never renewed: what is renewed once is likely to be renewed again. In the order of
-- an index: it ends at the first one found.
select q.lease_expires_at
from eventlease.event_leases q
where q.engine_type = $1 and q.lease_expires_at <= q.leased_at + make_interval(secs => q.lease_seconds + 1)
order by q.lease_expires_at
limit 1
