-- What the server says of itself, to a new session of the service. $1: the process at the other end of the listener.
select
    current_setting('server_version') as server_version,
    current_user::text as "user",
    pg_has_role(current_user, 'pg_read_all_stats', 'usage') as sees_other_users,
    current_setting('server_encoding') as server_encoding,
    pg_is_in_recovery() as is_standby,
    -- without counts it does not know where to go
    current_setting('autovacuum')::boolean and current_setting('track_counts')::boolean as is_autovacuum_on,
    current_setting('synchronous_commit') as synchronous_commit,
    current_setting('fsync')::boolean as fsync,
    current_setting('full_page_writes')::boolean as full_page_writes,
    current_setting('synchronous_standby_names') as synchronous_standby_names,
    (select backend_start from pg_stat_activity where pid = $1) as listener_since
