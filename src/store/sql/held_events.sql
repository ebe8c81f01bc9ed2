-- The events that engine $16 holds. To be followed by `list_open_events`.
with open as materialized (
    select 'processing' as state, q.*
    from eventlease.event_leases q
    where q.leased_by = $16
),
