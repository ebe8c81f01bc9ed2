-- Up to $1 that ran out after $4, the oldest first; none while the service is away, which it is $2 seconds after its last
-- sign, and for $3 seconds from when it is back. Locked ones are passed over.
from eventlease.event_leases q
where q.lease_expires_at <= statement_timestamp()
    and q.lease_expires_at > $4
    and exists (
        select from eventlease.service_signs signs
        where signs.is_only_row
            and signs.last_sign_at >= statement_timestamp() - make_interval(secs => $2)
            and signs.grace_since <= statement_timestamp() - make_interval(secs => $3))
order by q.lease_expires_at
limit $1
for update of q skip locked
