-- Cancelled events leave their queue like completed ones: counted, so that what goes out can be compared with what comes in. Replicas of
-- the version before go on beside this one: they count no cancelled events, and what they write has 0.

alter table eventlease.queue_activity add column cancelled bigint not null default 0;
alter table eventlease.queue_history add column cancelled bigint not null default 0;
