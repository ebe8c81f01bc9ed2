use chrono::DateTime;

use super::*;
use crate::domain::database_health::{ClockDifference, ListenerHealth, PoolUse};

fn healthy() -> DatabaseHealth {
    DatabaseHealth {
        server_version: "17.2 (Debian 17.2-1)".to_owned(),
        user: "queue".to_owned(),
        sees_other_users: true,
        server_encoding: "UTF8".to_owned(),
        is_standby: false,
        is_read_only: false,
        pending_migrations: 0,
        is_autovacuum_on: true,
        snapshots: Vec::new(),
        tables: Vec::new(),
        partitions: vec![PartitionsAhead { table: "events".to_owned(), has_today: true, days_ahead: 7 }],
        durability: durability("on", "", &[]),
    }
}

fn durability(synchronous_commit: &str, synchronous_standby_names: &str, sync_states: &[Option<&str>]) -> Durability {
    let standby = |sync_state: Option<&str>| Standby {
        application_name: None,
        state: Some("streaming".to_owned()),
        sync_state: sync_state.map(str::to_owned),
        replay_lag_seconds: None,
    };
    Durability {
        synchronous_commit: synchronous_commit.to_owned(),
        fsync: true,
        full_page_writes: true,
        synchronous_standby_names: synchronous_standby_names.to_owned(),
        standbys: sync_states.iter().copied().map(standby).collect(),
    }
}

fn session(age_seconds: Option<f64>) -> Snapshot {
    Snapshot {
        held_by: SnapshotHolder::Session,
        name: None,
        pid: Some(77),
        application_name: Some("nightly report".to_owned()),
        user: Some("analyst".to_owned()),
        state: Some("idle in transaction".to_owned()),
        since: None,
        age_seconds,
        transactions_behind: 5,
    }
}

fn slot(state: &str, transactions_behind: i32) -> Snapshot {
    Snapshot {
        held_by: SnapshotHolder::ReplicationSlot,
        name: Some("standby_1".to_owned()),
        state: Some(state.to_owned()),
        transactions_behind,
        ..session(None)
    }
}

fn table(live_rows: i64, dead_rows: i64, vacuum_age_seconds: Option<f64>) -> TableHealth {
    TableHealth {
        table: "event_queue".to_owned(),
        live_rows: Some(live_rows),
        dead_rows: Some(dead_rows),
        last_vacuum_at: None,
        last_autovacuum_at: None,
        last_analyze_at: None,
        vacuum_age_seconds,
    }
}

fn codes(database: &DatabaseHealth) -> Vec<WarningCode> {
    of_database(database).iter().map(|warning| warning.code).collect()
}

#[test]
fn a_healthy_database_is_warned_of_nothing() {
    assert_eq!(of_database(&healthy()), []);
}

#[test]
fn every_code_can_be_told_and_understood() {
    for code in WarningCode::ALL {
        assert_eq!(WarningCode::parse(code.as_str()), Some(code));
        assert_eq!(serde_json::to_value(code).expect("a text"), code.as_str());
    }
    assert_eq!(WarningCode::parse("something_new"), None);
}

#[test]
fn the_worst_comes_first() {
    let database = DatabaseHealth {
        sees_other_users: false,
        is_autovacuum_on: false,
        durability: Durability { fsync: false, full_page_writes: false, ..durability("off", "", &[]) },
        is_standby: true,
        is_read_only: true,
        server_version: "14.9".to_owned(),
        ..healthy()
    };
    let expected = [
        WarningCode::DatabaseIsStandby,
        WarningCode::PostgresqlTooOld,
        WarningCode::FsyncOff,
        WarningCode::FullPageWritesOff,
        WarningCode::SynchronousCommitOff,
        WarningCode::AutovacuumOff,
        WarningCode::LimitedView,
    ];
    assert_eq!(codes(&database), expected);
}

#[test]
fn a_read_only_database_has_a_warning_of_its_own_which_stops_the_queue() {
    let database = DatabaseHealth { is_read_only: true, ..healthy() };
    assert_eq!(codes(&database), [WarningCode::DatabaseReadOnly]);
    assert!(WarningCode::DatabaseReadOnly.stops_the_queue() && WarningCode::ReplicaCannotWrite.stops_the_queue());
}

#[test]
fn an_old_snapshot_is_told_with_its_holder_and_a_young_or_unknown_one_is_not() {
    let with = |snapshot| DatabaseHealth { snapshots: vec![snapshot], ..healthy() };
    let found = of_database(&with(session(Some(720.0))));
    let [warning] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(warning.code, WarningCode::OldSnapshot);
    for part in ["\"nightly report\"", "pid 77", "user analyst", "idle in transaction", "12 min"] {
        assert!(warning.message.contains(part), "{part}: {}", warning.message);
    }
    assert!(
        warning.message.ends_with("end its transaction, or: select pg_terminate_backend(77);"),
        "{}",
        warning.message
    );
    assert_eq!(codes(&with(session(Some(59.0)))), []);
    assert_eq!(codes(&with(session(None))), []);

    let prepared = Snapshot {
        held_by: SnapshotHolder::PreparedTransaction,
        name: Some("the month's end".to_owned()),
        ..session(Some(61.0))
    };
    let told = |snapshot| of_database(&with(snapshot)).remove(0);
    assert_eq!(told(prepared.clone()).code, WarningCode::OldSnapshot);
    assert!(told(prepared).message.ends_with("commit it, or: rollback prepared 'the month''s end';"));
    assert!(told(slot("inactive", 1)).message.ends_with(": select pg_drop_replication_slot('standby_1');"));
    assert_eq!(codes(&with(slot("active", 1))), []);
    assert_eq!(codes(&with(slot("active", 2_000_000))), [WarningCode::OldSnapshot]);
}

#[test]
fn another_encoding_stops_the_queue() {
    let found = of_database(&DatabaseHealth { server_encoding: "WIN1252".to_owned(), ..healthy() });
    let [warning] = found.as_slice() else { panic!("{found:?}") };
    assert!(warning.code == WarningCode::DatabaseNotUtf8 && warning.code.stops_the_queue(), "{warning:?}");
    assert!(warning.message.contains("WIN1252") && warning.message.contains("encoding 'UTF8'"), "{warning:?}");
}

#[test]
fn a_limited_view_is_told_with_the_grant_to_type() {
    let database = DatabaseHealth { sees_other_users: false, user: "the \"queue\"".to_owned(), ..healthy() };
    let found = of_database(&database);
    let [warning] = found.as_slice() else { panic!("{found:?}") };
    assert_eq!(warning.code, WarningCode::LimitedView);
    assert!(warning.message.ends_with(r#": grant pg_monitor to "the ""queue""";"#), "{warning:?}");
}

#[test]
fn dead_rows_are_many_where_vacuum_does_not_come_or_does_not_help() {
    let with = |table| codes(&DatabaseHealth { tables: vec![table], ..healthy() });
    assert_eq!(with(table(0, 99_999, None)), []);
    assert_eq!(with(table(0, 100_000, None)), [WarningCode::ManyDeadRows]);
    assert_eq!(with(table(0, 100_000, Some(301.0))), [WarningCode::ManyDeadRows]);
    assert_eq!(with(table(0, 100_000, Some(30.0))), []);
    assert_eq!(with(table(0, 1_000_000, Some(30.0))), [WarningCode::ManyDeadRows]);
    assert_eq!(with(table(5_000_000, 1_000_000, None)), []);
    let uncounted = TableHealth { live_rows: None, dead_rows: None, ..table(0, 0, None) };
    assert_eq!(with(uncounted), [], "what is not counted is not judged");
}

#[test]
fn partitions_are_missing_today_or_soon() {
    let with = |has_today, days_ahead| {
        let partitions = vec![PartitionsAhead { table: "event_attempts".to_owned(), has_today, days_ahead }];
        DatabaseHealth { partitions, ..healthy() }
    };
    assert_eq!(codes(&with(false, 0)), [WarningCode::PartitionMissing]);
    assert_eq!(codes(&with(true, 1)), [WarningCode::FewPartitionsAhead]);
    assert_eq!(codes(&with(true, 2)), []);
    let one = of_database(&DatabaseHealth { pending_migrations: 1, ..with(false, 0) }).remove(0).message;
    assert_eq!(one, "1 migration is pending; run: eventlease migrate");
    let unmigrated = DatabaseHealth { pending_migrations: 8, ..with(false, 0) };
    assert_eq!(codes(&unmigrated), [WarningCode::MigrationsPending]);
}

#[test]
fn standbys_are_judged_by_what_commits_wait_for() {
    let with = |durability| codes(&DatabaseHealth { durability, ..healthy() });
    assert_eq!(with(durability("on", "", &[Some("async")])), [WarningCode::AsynchronousStandby]);
    assert_eq!(with(durability("on", "one", &[Some("sync"), Some("async")])), []);
    assert_eq!(with(durability("on", "any 1 (one, two)", &[Some("quorum")])), []);
    assert_eq!(with(durability("on", "one", &[Some("async")])), [WarningCode::SynchronousStandbyMissing]);
    assert_eq!(with(durability("on", "one", &[])), [WarningCode::SynchronousStandbyMissing]);
    assert_eq!(with(durability("local", "one", &[Some("sync")])), [WarningCode::AsynchronousStandby]);
    assert_eq!(with(durability("local", "one", &[])), []);
    // What may not be seen is not judged.
    assert_eq!(with(durability("on", "", &[None])), []);
}

#[test]
fn a_replica_is_warned_of_its_pool_its_listener_and_its_clock() {
    let at = DateTime::from_timestamp(1_900_000_000, 0).expect("a time");
    let replica = |idle, is_connected, difference_ms| ReplicaHealth {
        version: "0.1.0",
        seconds_since_start: 11.0,
        pool: PoolUse { size: 10, idle, max: 10 },
        reading_pool: PoolUse { size: 3, idle: 3, max: 3 },
        listener: ListenerHealth { is_connected, pid: None, since: None, interruptions: 0 },
        clock: ClockDifference { database_time: at, replica_time: at, difference_ms, round_trip_ms: 1.0 },
        seconds_since_write: Some(1.2),
    };
    let codes = |replica| of(&healthy(), &replica).iter().map(|warning| warning.code).collect::<Vec<_>>();
    assert_eq!(codes(replica(1, true, 1000)), []);
    let all = [WarningCode::PoolSaturated, WarningCode::ListenerDown, WarningCode::ClockSkew];
    assert_eq!(codes(replica(0, false, -1002)), all);
    let busy_readers = ReplicaHealth { reading_pool: PoolUse { size: 3, idle: 0, max: 3 }, ..replica(1, true, 0) };
    assert_eq!(codes(busy_readers.clone()), [WarningCode::PoolSaturated]);
    assert!(of(&healthy(), &busy_readers)[0].message.contains("for lists and reports"));
    let slow = ClockDifference { round_trip_ms: 2200.0, ..replica(1, true, 2000).clock };
    let unsure = ReplicaHealth { clock: slow, ..replica(1, true, 0) };
    assert_eq!(codes(unsure), [], "the reply took so long that both clocks may be right");
    assert_eq!(codes(replica(1, false, 0)), [WarningCode::ListenerDown]);
    let at_start = ReplicaHealth { seconds_since_start: 9.9, seconds_since_write: None, ..replica(1, false, 0) };
    assert_eq!(codes(at_start.clone()), [], "it has just started: it neither listens nor writes yet");
    let lost = ListenerHealth { interruptions: 1, ..at_start.listener.clone() };
    assert_eq!(codes(ReplicaHealth { listener: lost, ..at_start.clone() }), [WarningCode::ListenerDown]);
    let unheard = ListenerHealth { pid: Some(7), ..at_start.listener.clone() };
    assert_eq!(
        codes(ReplicaHealth { listener: unheard, ..at_start.clone() }),
        [WarningCode::ListenerDown],
        "PostgreSQL does not know it"
    );
    let stopped_writing = ReplicaHealth { seconds_since_write: Some(5.1), ..at_start };
    assert_eq!(codes(stopped_writing), [WarningCode::ReplicaCannotWrite]);
    for seconds_since_write in [None, Some(5.1)] {
        let silent = ReplicaHealth { seconds_since_write, ..replica(1, true, 0) };
        assert_eq!(codes(silent), [WarningCode::ReplicaCannotWrite]);
    }
    assert!(!PoolUse { size: 3, idle: 0, max: 10 }.is_saturated(), "it can still open some");
}
