from eventlease.event_leases q
-- By their ids: asked for in the order of ids at once, they may be looked for among all leases.
where q.event_id = any(array(
        select held.event_id from eventlease.event_leases held
        where held.leased_by = $1
        order by held.leased_at))
    and (q.leased_by = $1) is true
