//! The statements of an event's life, with arguments for some events.

pub struct Statement {
    pub name: &'static str,
    pub sql: &'static str,
    /// The arguments for the events of these ids.
    pub arguments: fn(&[String]) -> String,
}

macro_rules! sql {
    ($($file:literal),+) => {
        concat!($(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/store/sql/", $file, ".sql")), "\n"),+)
    };
}
pub(super) use sql;

pub const STATEMENTS: [Statement; 30] = [
    Statement { name: "lock_leases", sql: sql!("lease_columns", "among_leases", "lock_in_order"), arguments: array },
    Statement {
        name: "lock_queued",
        sql: sql!("queued_columns", "among_queued", "lock_in_order", "skip_locked"),
        arguments: array,
    },
    Statement {
        name: "lock_unrepeated",
        sql: sql!("lease_columns", "among_leases", "unrepeated", "lock_in_order"),
        arguments: array,
    },
    Statement {
        name: "lock_held_by",
        sql: sql!("lease_columns", "held_by", "lock_in_order"),
        arguments: |_| ENGINE.to_owned(),
    },
    Statement { name: "policies_of_leases", sql: sql!("policies_of_leases"), arguments: array },
    Statement { name: "event_scope", sql: sql!("event_scope"), arguments: |ids| format!("'{}'", ids[0]) },
    Statement {
        name: "complete",
        sql: sql!("complete"),
        arguments: |ids| {
            let nothing = all(ids, "null");
            format!("{}, {}::uuid[], {nothing}::uuid[], {nothing}::text[]", array(ids), all(ids, TOKEN))
        },
    },
    Statement {
        name: "count_held",
        sql: sql!("count_held"),
        arguments: |ids| {
            format!("array[{ENGINE}]::uuid[], array['epoch'::timestamptz], {}, {}", array(ids), all(ids, "1"))
        },
    },
    Statement {
        name: "beat",
        sql: sql!("beat"),
        arguments: |_| {
            format!(
                "array[{ENGINE}]::uuid[], array[1], array[null]::text[], array[null]::text[], array['epoch'::timestamptz],
                 array[true], array[statement_timestamp()], array['because'], array[1]"
            )
        },
    },
    Statement {
        name: "orders",
        sql: sql!("orders"),
        arguments: |_| format!("array[{ENGINE}]::uuid[], array['epoch'::timestamptz]"),
    },
    Statement { name: "facts", sql: sql!("facts"), arguments: |ids| format!("{}, {}", between(ids), array(ids)) },
    Statement {
        name: "previous_attempts",
        sql: sql!("previous_attempts"),
        arguments: |ids| format!("{}, {}, {}", between(ids), array(ids), all(ids, "1")),
    },
    Statement {
        name: "enqueue_plain",
        sql: sql!("enqueue_plain"),
        arguments: |ids| {
            let (queues, nothing, numbers) = (all(ids, "'dialogue'"), all(ids, "null"), all(ids, "2"));
            let endings = ids.iter().map(|id| &id[19..]).collect::<Vec<_>>().join(",");
            format!(
                "'{{{endings}}}', {queues}, {queues}, {}, {numbers}, {numbers}::smallint[], {nothing}::text[], {nothing}::text[], {nothing}::text[], {nothing}::text[], array['dialogue']",
                all(ids, "'{}'"),
            )
        },
    },
    // Of the first rows of the table, whichever they are.
    Statement {
        name: "grant_leases",
        sql: sql!("grant"),
        arguments: |ids| {
            let (texts, queues, numbers) = (all(ids, "null::text"), all(ids, "'dialogue'"), all(ids, "60"));
            let (uuids, small) = (all(ids, "gen_random_uuid()"), all(ids, "5::smallint"));
            let places = (1..=ids.len()).map(|place| format!("\"(0,{place})\"")).collect::<Vec<_>>().join(",");
            format!(
                "'{{{places}}}', array['dialogue'], array['test.happened'], {uuids}, {queues}, {queues}, {small}, {small}, {},
                 {numbers}, {numbers}, {numbers}, {numbers}, {numbers}, {numbers}, {numbers}, {texts}, {uuids}, {uuids},
                 {numbers}, {texts}, {numbers}, {numbers}, {uuids}, {texts}, {texts}, {texts}",
                all(ids, "statement_timestamp()"),
            )
        },
    },
    Statement {
        name: "past_lease",
        sql: sql!("past_lease"),
        arguments: |ids| format!("'{}', {}, null", ids[0], TOKEN),
    },
    Statement {
        name: "read_event",
        sql: sql!("read_event", "event_details"),
        arguments: |ids| format!("'{}', true", ids[0]),
    },
    Statement { name: "read_brief_events", sql: sql!("read_brief_events"), arguments: array },
    Statement {
        name: "claim_open_keys",
        sql: sql!("claim_open_keys"),
        arguments: |ids| {
            let (queues, keys) = (all(ids, "'dialogue'"), format!("{}::text[]", array(ids)));
            format!("{queues}, {keys}, {}, {}, {}::timestamptz[], 60", array(ids), all(ids, "0"), all(ids, "null"))
        },
    },
    Statement {
        name: "record_attempts",
        sql: sql!("record_attempts"),
        arguments: |ids| {
            let nothing = all(ids, "null");
            format!(
                "{}, {}, {}, {}::float8[], {nothing}::text[], {nothing}::text[], {nothing}::float8[], {nothing}::text[],
                 {nothing}::text[], {nothing}::text[], {nothing}::text[], {nothing}::text[]",
                array(ids),
                all(ids, "'released'"),
                all(ids, "'released'"),
                all(ids, "0")
            )
        },
    },
    Statement {
        name: "renew",
        sql: sql!("renew"),
        arguments: |ids| format!("{}, {}::integer[], {}::text[], true", array(ids), all(ids, "60"), all(ids, "null")),
    },
    Statement {
        name: "requeue",
        sql: sql!("requeue"),
        arguments: |ids| {
            let zeros = all(ids, "0");
            format!(
                "{}, {}, {}, {zeros}, {zeros}, {zeros}, {zeros}",
                array(ids),
                all(ids, "statement_timestamp()"),
                all(ids, "false")
            )
        },
    },
    Statement {
        name: "dead_letter",
        sql: sql!("dead_letter"),
        arguments: |ids| {
            let (nothing, zeros) = (all(ids, "null"), all(ids, "0"));
            format!(
                "{}, {}, {nothing}::text[], {nothing}::text[], {zeros}, {zeros}, {nothing}::text[], {zeros}",
                array(ids),
                all(ids, "'not_retryable'")
            )
        },
    },
    Statement { name: "close", sql: sql!("close"), arguments: array },
    Statement { name: "causes", sql: sql!("causes"), arguments: array },
    Statement { name: "free_open_keys", sql: sql!("free_open_keys"), arguments: array },
    Statement { name: "are_open", sql: sql!("are_open"), arguments: array },
    Statement {
        name: "note_refused_report",
        sql: sql!("note_refused_report"),
        arguments: |ids| format!("'{}', 1, 'completed'", ids[0]),
    },
    Statement {
        name: "take_loss_back",
        sql: sql!("take_loss_back"),
        arguments: |ids| format!("'{}', {TOKEN}, null", ids[0]),
    },
    Statement {
        name: "leases_of_engine",
        sql: sql!("leases_of_engine", "leased"),
        arguments: |_| format!("{FIRST}, {LAST}, {ENGINE}, 'infinity', {LAST}, 51, false"),
    },
    Statement {
        name: "list_attempts",
        sql: sql!("list_attempts"),
        arguments: |ids| format!("'{}', null, 51, true", ids[0]),
    },
];

pub const FIRST: &str = "'00000000-0000-0000-0000-000000000000'";
pub const LAST: &str = "'ffffffff-ffff-ffff-ffff-ffffffffffff'";

/// The lanes of a queue.
const LANES: &str = "array['dialogue', 'dialogue', 'dialogue'], array[0, 1, 2]::smallint[]";

/// From the front of every range of all lanes.
const RANGES: &str = "array[9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]::smallint[],
            array_fill('epoch'::timestamptz, array[30]), array_fill('00000000-0000-0000-0000-000000000000'::uuid, array[30])";

/// Ten events of highest priority first, of each lane; and when the first ones are due.
pub const SCANS: [Statement; 2] = [
    Statement {
        name: "lock_due",
        sql: sql!("lock_due"),
        arguments: |_| format!("{LANES}, array[10, 10, 10], {RANGES}, 10"),
    },
    Statement {
        name: "seconds_until_due",
        sql: sql!("seconds_until_due"),
        arguments: |_| format!("{LANES}, {RANGES}"),
    },
];

/// What housekeeping reads of all queues, with the leases that expire from now on.
pub const QUEUE_USES: Statement = Statement {
    name: "all_queue_uses",
    sql: sql!("all_queue_uses"),
    arguments: |_| "statement_timestamp()".to_owned(),
};

/// A page of fifty: of all, of a status that is looked up, of a run, of what an event brought, of what is open, by what it does and
/// by keys; and within the limit of a token.
pub const PAGES: [Statement; 15] = [
    Statement {
        name: "list_events",
        sql: sql!("all_events", "list_events", "event_details"),
        arguments: |_| page("null, null, null"),
    },
    Statement {
        name: "list_queued_by_type",
        sql: sql!("all_events", "list_events", "event_details"),
        arguments: |_| page("'dialogue', 'test.happened', 'queued'"),
    },
    Statement {
        name: "list_events_of_run",
        sql: sql!("events_of_run", "list_events", "event_details"),
        arguments: |_| page_of("null, null, null", "null, null, false, 'run-1'"),
    },
    Statement {
        name: "list_events_caused_by",
        sql: sql!("events_caused_by", "list_events", "event_details"),
        arguments: |_| page_of("null, null, null", &format!("null, null, false, {TOKEN}, null")),
    },
    Statement {
        name: "list_queued",
        sql: sql!("all_open_events", "list_open_events", "event_details"),
        arguments: |_| page_of_open("null, null, 'queued'", "null, null, null, null, false"),
    },
    Statement {
        name: "list_processing",
        sql: sql!("all_open_events", "list_open_events", "event_details"),
        arguments: |_| page_of_open("null, null, 'processing'", "null, null, null, null, false"),
    },
    Statement {
        name: "list_failing",
        sql: sql!("failing_events", "list_open_events", "event_details"),
        arguments: |_| page_of_open("null, null, null", "null, null, 'Timeout', null, true"),
    },
    Statement {
        name: "list_suspects",
        sql: sql!("suspect_events", "list_open_events", "event_details"),
        arguments: |_| page_of_open("null, null, null", "1, null, null, null, false"),
    },
    Statement {
        name: "list_lost",
        sql: sql!("lost_events", "list_events", "event_details"),
        // Of so many losses that each event has them: the page is full, as with the others.
        arguments: |_| page_of("null, null, null", "null, null, false, 0, null"),
    },
    Statement {
        name: "list_held",
        sql: sql!("held_events", "list_open_events", "event_details"),
        arguments: |_| page_of_open("null, null, null", &format!("null, null, null, {ENGINE}, false")),
    },
    Statement {
        name: "list_by_idempotency_key",
        sql: sql!("events_by_idempotency_key", "list_events", "event_details"),
        arguments: |_| page_of("'dialogue', null, null", "null, null, false, 'key-1', null"),
    },
    Statement {
        name: "list_by_unique_key",
        sql: sql!("events_by_unique_key", "list_events", "event_details"),
        arguments: |ids| page_of("'dialogue', null, null", &format!("null, null, false, '{}', null", ids[0])),
    },
    Statement {
        name: "list_failed_by_error",
        sql: sql!("list_failed_by_error", "event_details"),
        arguments: |_| page_of("null, null, 'failed'", "null, null, false, 'Timeout', null"),
    },
    Statement {
        name: "list_events_of_types",
        sql: sql!("all_events", "list_events", "event_details"),
        arguments: |_| page_of("null, null, null", "null, array['dialogue', 'chess'], false"),
    },
    Statement {
        name: "list_queued_of_types",
        sql: sql!("all_open_events", "list_open_events", "event_details"),
        arguments: |_| {
            page_of("null, null, 'queued'", "null, array['dialogue', 'chess'], false, null, null, null, null, false")
        },
    },
];

/// What is asked of a run, and of events that are rescheduled; with the indexes of open events that each may use.
pub const OF_RUNS: [(Statement, &[&str]); 9] = [
    (
        Statement { name: "read_run", sql: sql!("read_run"), arguments: |_| "'run-1', null, 10001".to_owned() },
        &OF_RUN_AND_ID,
    ),
    (
        Statement {
            name: "read_part_of_run",
            sql: sql!("read_run"),
            arguments: |_| "'run-1', array['dialogue'], 10001".to_owned(),
        },
        &OF_RUN_AND_ID,
    ),
    (Statement { name: "list_runs", sql: sql!("list_runs"), arguments: |_| "'', null, 51".to_owned() }, &OF_RUN),
    (
        Statement {
            name: "open_events_of_run",
            sql: sql!("open_events_of_run"),
            arguments: |_| "'run-1', null, 500".to_owned(),
        },
        &OF_RUN,
    ),
    (
        Statement {
            name: "idle_runs",
            sql: sql!("idle_runs"),
            arguments: |_| "array['run-1', 'run-2', 'run-1'], array[null, null, 'dialogue,chess']".to_owned(),
        },
        &OF_RUN,
    ),
    (
        Statement {
            name: "queued_of_run",
            sql: sql!("queued_by_filter", "choose_queued"),
            arguments: |_| "null, null, null, 'run-1', null, 500, null, null, true".to_owned(),
        },
        &OF_RUN,
    ),
    (
        Statement {
            name: "queued_of_queue",
            sql: sql!("queued_by_filter", "choose_queued"),
            arguments: |_| "'chess', null, null, null, null, 500, null, null, true".to_owned(),
        },
        &["event_queue_ready"],
    ),
    (
        Statement {
            name: "queued_by_id",
            sql: sql!("queued_by_id", "choose_queued"),
            arguments: |ids| format!("'dialogue', null, null, null, {}, 500, null, null, true", array(ids)),
        },
        &["event_queue_pkey"],
    ),
    (
        Statement {
            name: "reschedule",
            sql: sql!("reschedule"),
            arguments: |ids| format!("{}, 60, null, 5", array(ids)),
        },
        &["event_queue_pkey"],
    ),
];

/// How the open events of a redrive job are checked.
pub const ENDS_OF_REDRIVEN: Statement = Statement {
    name: "note_ends_of_redriven",
    sql: sql!("note_ends_of_redriven"),
    arguments: |_| format!("{TOKEN}, null, 200"),
};

/// Nothing is filtered by but what is given: the queue, the fingerprint, whether there is one.
fn dead_letters(engine_type: &str, fingerprint: &str, is_without: bool, more: &str) -> String {
    let nothing = "null, null, null, null, null, null, null, null, null";
    format!("{engine_type}, {nothing}, false, {fingerprint}, false, false, {is_without}, null, {more}")
}

const BY_ALL: &str = "array['engine_type', 'reason', 'event_type', 'error_type', 'error_fingerprint', 'engine_software_version'], 201, 200";

/// What is asked of dead letters by their causes, with the indexes of theirs that each may use.
pub const OF_CAUSES: [(Statement, &[&str]); 10] = [
    (
        Statement {
            name: "group_dead_letters",
            sql: sql!("wanted_dead_letters", "group_dead_letters"),
            arguments: |_| dead_letters("null", "null", false, BY_ALL),
        },
        &GROUPS,
    ),
    (
        Statement {
            name: "group_those_of_a_queue",
            sql: sql!("wanted_dead_letters", "group_dead_letters"),
            arguments: |_| dead_letters("'dialogue'", "null", false, BY_ALL),
        },
        &GROUPS,
    ),
    (
        Statement {
            name: "choose_those_of_a_cause",
            sql: sql!("wanted_dead_letters", "choose_dead_letters"),
            arguments: |_| dead_letters("'dialogue'", "'cause-7'", false, "200"),
        },
        &[BY_CAUSE],
    ),
    (
        Statement {
            name: "choose_next_of_a_cause",
            sql: sql!("wanted_dead_letters", "choose_next_dead_letters"),
            arguments: |ids| {
                dead_letters(
                    "'dialogue'",
                    "'cause-7'",
                    false,
                    &format!("statement_timestamp(), 'epoch', '{}', 200", ids[0]),
                )
            },
        },
        &[BY_CAUSE],
    ),
    (
        Statement {
            name: "choose_next_of_all",
            sql: sql!("wanted_dead_letters", "choose_next_dead_letters"),
            arguments: |ids| {
                dead_letters("null", "null", false, &format!("statement_timestamp(), 'epoch', '{}', 200", ids[0]))
            },
        },
        &["dead_letters_newest"],
    ),
    (
        Statement {
            name: "list_those_of_a_cause",
            sql: sql!("wanted_dead_letters", "list_dead_letters"),
            arguments: |_| dead_letters("'dialogue'", "'cause-7'", false, "null, null, 51, false, false"),
        },
        &[BY_CAUSE],
    ),
    (
        Statement {
            name: "list_those_without_fingerprint",
            sql: sql!("wanted_dead_letters", "list_dead_letters"),
            arguments: |_| dead_letters("null", "null", true, "null, null, 51, false, false"),
        },
        &[TO_FINGERPRINT, "dead_letters_newest"],
    ),
    (
        Statement {
            name: "dead_letters_to_fingerprint",
            sql: sql!("dead_letters_to_fingerprint"),
            arguments: |_| "200, 8192".to_owned(),
        },
        &[TO_FINGERPRINT],
    ),
    (
        Statement {
            name: "set_fingerprints",
            sql: sql!("set_fingerprints"),
            arguments: |ids| format!("{}, {}, 1::smallint", array(ids), all(ids, "'cause-7'")),
        },
        &["dead_letters_pkey"],
    ),
    (
        Statement {
            name: "attempts_by_version",
            sql: sql!("attempts_by_version"),
            arguments: |_| "array['dialogue'], 300, 200, 250, 200".to_owned(),
        },
        &["dead_letters_pkey"],
    ),
];

pub const BY_CAUSE: &str = "dead_letters_by_cause";
/// Also where no autovacuum was there yet; and the sample of each group.
const GROUPS: [&str; 3] = [BY_CAUSE, "dead_letters_newest_by_type", "dead_letters_pkey"];
const TO_FINGERPRINT: &str = "dead_letters_to_fingerprint";

const OF_RUN: [&str; 2] = ["event_queue_of_run", "event_leases_of_run"];
const OF_RUN_AND_ID: [&str; 4] = ["event_queue_of_run", "event_leases_of_run", "event_queue_pkey", "event_leases_pkey"];

fn page(filters: &str) -> String {
    page_of(filters, "null, null, false")
}

fn page_of_open(filters: &str, more: &str) -> String {
    page_of(filters, &format!("null, null, false, {more}"))
}

fn page_of(filters: &str, more: &str) -> String {
    let ids = "'00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'";
    format!("{ids}, null, null, {filters}, 51, false, {more}")
}

/// The lease that `Stage` gives to the events it looks up.
pub const TOKEN: &str = "'11111111-1111-1111-1111-111111111111'::uuid";
pub const ENGINE: &str = "'22222222-2222-2222-2222-222222222222'::uuid";

pub fn array(ids: &[String]) -> String {
    format!("'{{{}}}'::uuid[]", ids.join(","))
}

/// The first and the last of the events.
pub fn between(ids: &[String]) -> String {
    let (first, last) = (ids.iter().min().expect("at least one"), ids.iter().max().expect("at least one"));
    format!("'{first}', '{last}'")
}

/// An array of the same for each event.
pub fn all(ids: &[String], value: &str) -> String {
    format!("array[{}]", vec![value; ids.len()].join(","))
}
