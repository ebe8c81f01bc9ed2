//! Statements that are not part of every event's life, with the indexes they go by.

use super::super::statements::{ENGINE, FIRST, LAST, Statement, TOKEN, all, array, sql};

pub struct Lookup {
    pub statement: Statement,
    /// All the indexes that it uses, each with a condition; `a|b` where either is as good.
    pub may_use: &'static [&'static str],
    /// Tables that it reads from end to end, since they are small or since it is about all of their rows.
    pub reads_whole: &'static [&'static str],
    /// It is planned for the arguments given, as `begin_reading` has it.
    pub is_filter: bool,
}

/// Stands for the primary keys of the partitions of the days of the events asked for.
pub const OF_DAY: &str = "the primary key of a day";

macro_rules! lookups {
    ($(
        $name:literal: $($file:literal)+, $arguments:expr =>
            [$($index:expr),*] $(, whole [$($table:literal),+])? $(, filter $is_filter:literal)?;
    )+) => {
        &[$(Lookup {
            statement: Statement { name: $name, sql: sql!($($file),+), arguments: $arguments },
            may_use: &[$($index),*],
            reads_whole: &[$($($table),+)?],
            is_filter: false $(|| $is_filter)?,
        }),+]
    };
}

pub const LOOKUPS: &[Lookup] = lookups! {
    "insert_session": "insert_session" "token_columns",
        |_| format!("gen_random_uuid(), sha256('new'), {TOKEN}, 3600") => ["tokens_pkey"];
    "end_surplus_sessions": "end_surplus_sessions" "token_columns",
        |_| format!("{TOKEN}, 2") => ["tokens_of_token", "tokens_pkey"];
    "revoke_sessions": "revoke_sessions" "token_columns", |_| TOKEN.to_owned() => ["tokens_of_token"];
    "superseded": "superseded", |_| TOKEN.to_owned() => ["tokens_pkey"];
    "end_tokens_of_engine": "end_tokens_of_engine" "token_columns",
        |_| format!("{ENGINE}, null, 60, false, true") => ["tokens_of_engine", "engine_states_pkey"];
    "forget_tokens_of_engine": "forget_tokens_of_engine",
        |_| format!("{ENGINE}, 1, 0") => ["tokens_of_engine", "tokens_pkey"];
    "forget_sessions": "forget_sessions", |_| format!("{TOKEN}, 1, 0") => ["tokens_of_token", "tokens_pkey"];

    "wait_for_claims": "wait_for_claims", |_| "'dialogue', '1.0'".to_owned() => ["engine_states_by_type"];
    "write_quarantines": "write_quarantines", |_| "'dialogue', '[]'".to_owned() => ["queues_pkey"];
    "lock_engines": "lock_engines" "gate_columns" "lock_engines_by_id",
        |_| ENGINES.to_owned() => ["engine_states_pkey", "queues_pkey"];
    "check_engines": "check_engines",
        |_| format!("{ENGINES}, array['epoch', 'epoch']::timestamptz[]")
        => ["engine_states_pkey", "event_leases_held", "queues_pkey"];
    "summarize_engines": "summarize_engines",
        |_| "array['dialogue']".to_owned() => ["engine_states_by_type", "event_leases_held"], whole ["queues"];
    "list_engines": "list_engines",
        |_| "null, array['dialogue'], null, null, null, null, null, null, 51, null, null, null, null, null, false".to_owned()
        => ["engine_states_newest", "event_leases_held", "queues_pkey"];
    "note_signs": "note_signs",
        |_| format!("{ENGINES}, array[true, false], array[0, 0], array[true, false]") => ["engine_states_pkey"];
    "zombie_candidates": "zombie_candidates", |_| "-60, null".to_owned()
        => ["engine_states_by_type", "event_leases_held", "event_queue_ready", "queues_pkey"], whole ["engine_states", "service_signs"];
    "zombies_of_a_type": "zombie_candidates", |_| "-60, array['dialogue']".to_owned()
        => ["engine_states_by_type", "event_leases_held", "event_queue_ready", "queues_pkey"], whole ["engine_states", "service_signs"];
    "reaches": "reaches", |_| ENGINES.to_owned() => ["engine_states_pkey"];

    "lock_beating": "lock_beating", |_| ENGINES.to_owned() => ["engine_states_pkey"];
    "lock_expired": "lease_columns" "lock_expired",
        |_| "100, 60, 60, 'epoch'".to_owned() => ["event_leases_expiring"], whole ["service_signs"];
    "lock_leased_before": "lease_columns" "lock_leased_before",
        |_| format!("statement_timestamp(), {FIRST}, 100") => ["event_leases_pkey"];
    "lock_held_by_unresponsive": "lease_columns" "lock_held_by_unresponsive",
        |_| "100".to_owned() => ["event_leases_held"], whole ["engine_states"];

    "mark_run_cancelled": "mark_run_cancelled", |_| "'run-1', array['chess'], 'somebody'".to_owned() => [];
    "remove_marks_of_run": "remove_marks_of_run", |_| "'run-1', null".to_owned() => ["scenario_runs_pkey"];
    "note_run_carried_out": "note_run_carried_out", |_| "'run-1', array['']".to_owned() => ["scenario_runs_pkey"];
    "runs_to_carry_out": "runs_to_carry_out", |_| "60, 100".to_owned() => ["scenario_runs_to_carry_out"];

    "enqueue": "enqueue", enqueued => ["engine_states_by_type"];
    "claim_idempotency_keys": "claim_idempotency_keys",
        |ids| format!("{}, {}, {}, {}, 24, {}", all(ids, "'chess'"), keys(ids), all(ids, "''"), all(ids, "sha256('a')"),
            all(ids, "sha256('b')")) => [];
    "known_idempotency_keys": "known_idempotency_keys",
        |ids| format!("{}, {}, {}", all(ids, "'dialogue'"), keys(ids), all(ids, "''")) => ["idempotency_keys_pkey"];
    "redirect_idempotency_key": "redirect_idempotency_key",
        |ids| format!("'dialogue', '{0}', '', '{0}', '{{}}'", ids[0]) => ["idempotency_keys_pkey"];
    "give_back_idempotency_key": "give_back_idempotency_key",
        |ids| format!("'dialogue', '{}', ''", ids[0]) => ["idempotency_keys_pkey"];
    "forget_expired_keys": "forget_expired_keys",
        |_| "10".to_owned() => ["idempotency_keys_expiring", "idempotency_keys_pkey"];
    "give_back_open_key": "give_back_open_key", |ids| format!("'dialogue', '{}'", ids[0]) => ["open_keys_pkey"];

    "not_open": "not_open", array => ["event_queue_pkey", "event_leases_pkey"];
    "request_cancel": "request_cancel", array => ["event_leases_pkey"];
    "events_too_old": "events_too_old", |_| "100".to_owned() => ["event_queue_discarding"];
    "leases_of_poll": "leases_of_poll" "leased",
        |_| format!("{FIRST}, {LAST}, {ENGINE}, {TOKEN}")
        => ["event_leases_held", "event_leases_pkey", "queues_pkey", "server_settings_pkey", OF_DAY],
        whole ["event_types"];
    "peek": "peek", |_| format!("'dialogue', 51, true, 9, 'epoch', {FIRST}") => ["event_queue_ready", OF_DAY];
    "place_in_line": "place_in_line",
        |_| "pg_temp.queued_event(), 10001".to_owned() => ["event_queue_pkey", "event_queue_ready"];
    "held_by_queue": "held_by_queue", |_| String::new() => [], whole ["event_leases"];
    "queue_leases": "queue_leases", |_| "'dialogue', 1000".to_owned() => ["engine_states_pkey"], whole ["event_leases"];
    "engines_asked": "engines_asked", |_| "'dialogue'".to_owned() => ["engine_states_by_type", "queues_pkey"];
    "engines_last_seen": "engines_last_seen", |_| "'without engines', statement_timestamp() - interval '1 day'".to_owned()
        => ["engine_states_by_type", OF_DAY];
    "cancellation": "cancellation", |_| format!(
        "{TOKEN}, 'run-1', 'dialogue', statement_timestamp() - interval '1 hour', statement_timestamp()") => ["audit_by_age"];
    "depth": "depth", |_| "10001, array['dialogue']".to_owned()
        => ["event_queue_ready", "dead_letters_newest_by_type|dead_letters_by_cause"], whole ["event_leases", "queues"];
    "depth_of_several": "depth", |_| "1001, array['dialogue', 'trend']".to_owned()
        => ["event_queue_ready", "dead_letters_newest_by_type|dead_letters_by_cause"], whole ["event_leases", "queues"];
    "poison": "poison", |_| "array['dialogue'], 100, 2".to_owned() => ["event_queue_ready"], whole ["event_leases"];
    "new_dead_letters": "new_dead_letters", |_| "10000, 10".to_owned()
        => ["dead_letters_newest", "dead_letters_newest_by_type|dead_letters_by_cause"];
    "main_cause": "main_cause", |_| "'dialogue', 300, 500, 60".to_owned()
        => ["dead_letters_newest_by_type", "dead_letters_pkey"];
    "recent_activity": "recent_activity",
        |_| "statement_timestamp() - interval '30 seconds'".to_owned() => ["queue_activity_by_period"];
    "activity_of_minute": "activity_of_minute",
        |_| "statement_timestamp() - interval '1 minute'".to_owned() => ["queue_activity_by_period"];
    "five_minutes": "five_minutes", |_| "'dialogue'".to_owned() => ["queue_activity_pkey"];
    "add_history": "add_history", added_history => [];
    "read_history": "read_history",
        |_| "'dialogue', statement_timestamp() - interval '1 hour', statement_timestamp()".to_owned() => [OF_DAY];
    "measured_minutes": "measured_minutes",
        |_| "statement_timestamp() - interval '1 hour', statement_timestamp()".to_owned() => [OF_DAY];
    "last_history_minute": "last_history_minute", |_| String::new() => [OF_DAY];
    "recent_history": "recent_history",
        |_| "statement_timestamp() - interval '25 minutes'".to_owned() => [OF_DAY], whole ["queues"];
    "queue_uses": "queue_uses", |_| "array['dialogue']".to_owned()
        => ["event_queue_ready", "engine_states_by_type", "dead_letters_newest_by_type|dead_letters_by_cause", "queue_activity_pkey", "queues_pkey"],
        whole ["event_leases"];
    "list_queues": "list_queues", |_| "'dialogue', null, 1, null".to_owned() => [], whole ["queues", "server_settings"];
    "add_activity": "add_activity",
        |_| format!("array['dialogue'], {TOKEN}, array[1], array[1], array[1], array[1], array[1, 2], 2, array[1], array[1],
            array[1], array[1, 2], 2, array[true], array[1]") => [];
    "last_minute": "last_minute", |_| "array['dialogue']".to_owned() => ["queue_activity_pkey"];

    "lock_dead_letters": "lock_dead_letters", |ids| format!("{}, null", array(ids)) => ["dead_letters_pkey", OF_DAY];
    "redrive": "redrive",
        |ids| format!("{}, {}, null, null, null, null", array(ids), all(ids, "0")) => ["dead_letters_pkey"];
    "redrive_as_new": "redrive_as_new",
        |ids| format!("{}, {}, null, {}, null, null, {}::uuid[], null",
            array(ids), all(ids, "'{}'"), all(ids, "0"), all(ids, "null")) => ["dead_letters_pkey"];
    "payloads_of_dead_letters": "payloads_of_dead_letters", array => ["dead_letters_pkey"];
    "create_redrive_job": "create_redrive_job", |_|
        "'{}', null, null, null, null, 10, 0.9, 60, null, 0.2, statement_timestamp(), null, 'canary', 3, 100000, 100000".to_owned()
        => [], whole ["redrive_jobs"];
    "read_redrive_job": "read_redrive_job", |_| TOKEN.to_owned() => ["redrive_jobs_pkey"];
    "lock_redrive_job": "lock_redrive_job", |_| TOKEN.to_owned() => ["redrive_jobs_pkey"];
    "list_redrive_jobs": "list_redrive_jobs", |_| format!("null, null, {TOKEN}, 51") => ["redrive_jobs_pkey"];
    "next_redrive_job": "next_redrive_job", |_| "1".to_owned() => ["redrive_jobs_next_step"];
    "write_redrive_job": "write_redrive_job", |_| format!(
        "{TOKEN}, 'redriving', null, 'epoch', false, null, null, null, false, null, 'epoch', null, null, 0, 0, 0, 0, 0, 0, 0, 0, 0")
        => ["redrive_jobs_pkey"];
    "postpone_redrive_job": "postpone_redrive_job",
        |_| format!("{TOKEN}, 10") => ["redrive_jobs_pkey", "redrive_jobs_next_step"];
    "old_redrive_job": "old_redrive_job", |_| "7".to_owned() => [], whole ["redrive_jobs"];
    "forget_redriven": "forget_redriven", |_| format!("{TOKEN}, 100") => ["redriven_by_jobs_pkey"];
    "forget_redrive_job": "forget_redrive_job", |_| ENGINE.to_owned() => ["redrive_jobs_pkey"];
    "restore_event": "restore_event", |ids| format!("'{}'", ids[0]) => ["dead_letters_pkey"];
    "restore_attempts": "restore_attempts", |ids| {
        let nothing = "array[null]";
        format!("'{}', array[1], {nothing}::uuid[], {nothing}::text[], {nothing}::integer[], array[statement_timestamp()],
            array[statement_timestamp()], array['released'], array['released'], {nothing}::text[], {nothing}::text[],
            {nothing}::text[], {nothing}::float8[], {nothing}::text[], {nothing}::text[], {nothing}::text[],
            {nothing}::timestamptz[], {nothing}::timestamptz[], {nothing}::text[]", ids[0])
    } => ["dead_letters_pkey"];
    "purge_dead_letters": "purge_dead_letters",
        |ids| format!("{}, statement_timestamp()", array(ids)) => ["dead_letters_pkey"];
    "read_dead_letter": "read_dead_letter", |ids| format!("'{}', 100", ids[0]) => ["dead_letters_pkey"];
    "list_carried_attempts": "list_carried_attempts",
        |ids| format!("'{}', 100, 51", ids[0]) => ["dead_letters_pkey"];
    "list_dead_letters": "wanted_dead_letters" "list_dead_letters",
        |_| filter("'dialogue'", "null", "null", "null, null, 51, true, true") => ["dead_letters_newest_by_type"], filter true;
    "list_dead_letters_of_run": "wanted_dead_letters" "list_dead_letters",
        |_| filter("null", "'run-1'", "null", "null, null, 51, true, true") => ["dead_letters_of_run"], filter true;
    "list_dead_letters_of_types": "wanted_dead_letters" "list_dead_letters",
        |_| filter("null", "null", TYPES, "null, null, 51, true, true") => ["dead_letters_newest_by_type"], filter true;
    "choose_dead_letters_of_types": "wanted_dead_letters" "choose_dead_letters",
        |_| filter("null", "null", TYPES, "500") => ["dead_letters_newest_by_type"], filter true;
    "choose_dead_letters": "wanted_dead_letters" "choose_dead_letters",
        |_| filter("'dialogue'", "null", "null", "500") => ["dead_letters_newest_by_type"], filter true;
    "group_dead_letters": "wanted_dead_letters" "group_dead_letters",
        |_| filter("'dialogue'", "null", "null", "array['reason'], 100, 200") => ["dead_letters_newest_by_type", "dead_letters_pkey"], filter true;
};

/// One that is registered, and one that is not.
const ENGINES: &str = "array['22222222-2222-2222-2222-222222222222', '33333333-3333-3333-3333-333333333333']::uuid[]";

/// Idempotency keys are named for events.
fn keys(ids: &[String]) -> String {
    format!("{}::text[]", array(ids))
}

/// Those of a limited token.
const TYPES: &str = "array['dialogue', 'speech']";

/// A filter of dead letters by queue, run, or the queues of a limited token.
fn filter(engine_type: &str, run: &str, engine_types: &str, more: &str) -> String {
    format!(
        "{engine_type}, null, null, null, null, {run}, null, null, null, null, false, null, false, false, false, {engine_types}, {more}"
    )
}

fn added_history(_: &[String]) -> String {
    let (whole, real) = ("array[1]::bigint[]", "array[1]::real[]");
    let (depths, counts, seconds) = ([whole; 4].join(", "), [whole; 9].join(", "), [real; 4].join(", "));
    format!("statement_timestamp(), array['dialogue'], {depths}, {real}, {counts}, {seconds}, {whole}")
}

fn enqueued(ids: &[String]) -> String {
    let (texts, queues) = (all(ids, "null::text"), all(ids, "'dialogue'"));
    let endings = all(ids, "gen_random_uuid()");
    format!(
        "{queues}, {queues}, {}, {}, {}, {}, {texts}, {}, {texts}, {texts}, {texts}, 60, {}, {texts}, {}, array['new'],
         {endings}, {texts}, {texts}, {}",
        all(ids, "'{}'"),
        all(ids, "5::smallint"),
        all(ids, "0"),
        all(ids, "null::timestamptz"),
        all(ids, "null::integer"),
        all(ids, "null::uuid"),
        all(ids, "null::float8"),
        all(ids, "null::uuid"),
    )
}
