-- About how many events wait in each queue of $1, by the statistics of the table; a queue that they do not know is left out.
select common.engine_type, (c.reltuples * common.frequency)::bigint as waiting
from pg_class c
join pg_stats s on s.schemaname = 'eventlease' and s.tablename = c.relname and s.attname = 'engine_type'
cross join lateral unnest(s.most_common_vals::text::text[], s.most_common_freqs) as common (engine_type, frequency)
where c.oid = 'eventlease.event_queue'::regclass and c.reltuples > 0
    and common.engine_type = any($1)
