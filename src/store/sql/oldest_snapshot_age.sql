-- For how many seconds the oldest snapshot of this database has been held, as in snapshot_holders.sql; null where the role
-- does not see what other users' sessions do. Replication slots do not say when their snapshot began.
select case when pg_has_role(current_user, 'pg_read_all_stats', 'usage') then coalesce((
    select extract(epoch from statement_timestamp() - min(held.since))::float8
    from (
        select a.xact_start as since
        from pg_stat_activity a
        where (a.backend_xmin is not null or a.backend_xid is not null)
            and (a.datname = current_database() or a.backend_type = 'walsender')
            and a.pid <> pg_backend_pid()
            and not exists (select from pg_stat_progress_vacuum v where v.pid = a.pid)
        union all
        select p.prepared from pg_prepared_xacts p where p.database = current_database()
    ) held
), 0) end
