-- How many events of queue $1 engines hold.
select count(*)::integer from eventlease.event_leases where engine_type = $1
