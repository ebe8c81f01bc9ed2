from eventlease.event_leases q
-- Looks their ids up first. Ordered by id directly, the planner may read all leases.
where q.event_id = any(array(
        select held.event_id from eventlease.event_leases held
        where held.leased_by = $1
        order by held.leased_at))
    and (q.leased_by = $1) is true
