-- The lane of an event is decided by the service: 0 without a silent loss, 1 for a suspect that is leased beside others, 2 for
-- one that is leased alone. Suspects that are open now stay in lane 1. Servers of an earlier version do not lease from
-- lane 2: such an event waits for one of this version.
alter table eventlease.event_queue
    drop constraint event_queue_lane,
    add constraint event_queue_lane check (lane between 0 and 2);
