-- Whom dead rows of this database are kept for: see GetSnapshotData in PostgreSQL's procarray.c for what counts.
with holders as (
    select
        'session' as held_by,
        null as name,
        a.pid,
        a.application_name,
        a.usename::text as "user",
        a.state,
        a.xact_start as since,
        greatest(age(a.backend_xmin), age(a.backend_xid)) as transactions_behind
    from pg_stat_activity a
    where (a.backend_xmin is not null or a.backend_xid is not null)
        -- a standby's queries count wherever they are
        and (a.datname = current_database() or a.backend_type = 'walsender')
        and a.pid <> pg_backend_pid()
        -- a vacuum's own snapshot holds nobody up
        and not exists (select from pg_stat_progress_vacuum v where v.pid = a.pid)
    union all
    select 'prepared_transaction', p.gid, null, null, p.owner::text, 'prepared', p.prepared, age(p.transaction)
    from pg_prepared_xacts p
    where p.database = current_database()
    union all
    select
        'replication_slot', s.slot_name::text, s.active_pid, null, null,
        case when s.active then 'active' else 'inactive' end, null, age(s.xmin)
    from pg_replication_slots s
    where s.xmin is not null
)
