//! Every fixed limit, with its unit in the name. What an operator may change stands in `config`,
//! with the defaults from here.

/// Of an engine type's or an event type's name.
pub const MAX_TYPE_NAME_CHARS: usize = 64;
/// Longest id of a scenario run.
pub const MAX_SCENARIO_RUN_ID_CHARS: usize = 64;
/// Of an engine's `engine_software_version`.
pub const MAX_SOFTWARE_VERSION_CHARS: usize = 64;
/// Of one engine.
pub const MAX_CAPABILITIES: usize = 100;
/// Of one capability.
pub const MAX_CAPABILITY_CHARS: usize = 64;
/// Of the key that a producer sends with an event.
pub const MAX_IDEMPOTENCY_KEY_CHARS: usize = 255;
/// Of the key that no two open events of a queue share.
pub const MAX_UNIQUE_KEY_CHARS: usize = 256;
/// Most events that one request may wait for.
pub const MAX_AWAITED_EVENTS: usize = 100;
/// How much of an error's type dead letters are found and grouped by. The error itself is kept as it was sent.
pub const MAX_ERROR_TYPE_CHARS: usize = 200;
/// A text that is looked for in the messages of dead letters. Finding one in a message costs up to the product of their
/// lengths.
pub const MAX_ERROR_CONTAINS_CHARS: usize = 200;
/// How much of an error's message dead letters are found by.
pub const MAX_ERROR_MESSAGE_CHARS: usize = 8192;
/// Of the fingerprint that an engine may send with an error.
pub const MAX_FINGERPRINT_CHARS: usize = 200;
/// How much of a message is read for its fingerprint.
pub const MAX_FINGERPRINT_READ_CHARS: usize = 64 << 10;
/// How much of a message, without its changing parts, its fingerprint is made of.
pub const MAX_FINGERPRINTED_CHARS: usize = 2000;
/// Dead letters from before there were fingerprints, or of a replica that makes none, that get theirs with one commit.
pub const FINGERPRINT_BATCH_DEAD_LETTERS: u32 = 200;
/// Such batches in one round of housekeeping.
pub const FINGERPRINT_BATCHES_OF_ROUND: usize = 50;
/// A longer W3C `traceparent` is not kept.
pub const MAX_TRACEPARENT_CHARS: usize = 64;
/// A longer W3C `tracestate` is not kept.
pub const MAX_TRACESTATE_CHARS: usize = 512;

/// Of events whose producer names none.
pub const DEFAULT_PRIORITY: u8 = 5;
/// The most urgent; 0 is the least.
pub const MAX_PRIORITY: u8 = 9;

/// Longest delay of a new or redriven event, and longest time until an event is discarded: 365 days.
pub const MAX_DELAY_SECONDS: u32 = 365 * 86_400;
/// Longest delay that a retry policy or a report may ask for: one day.
pub const MAX_RETRY_DELAY_SECONDS: u32 = 86_400;
/// Largest `max_retries` of a policy.
pub const MAX_RETRIES: u32 = 100;
/// Largest `dead_letter_threshold` of a policy; the smallest is 1.
pub const MAX_DEAD_LETTER_THRESHOLD: u32 = 100;
/// Largest multiplier of a policy's retry delay.
pub const MAX_BACKOFF_MULTIPLIER: f64 = 10.0;
/// To the third and later releases in a row that bring no delay, the server adds 1, 2, 4 … seconds, at most this.
pub const MAX_RELEASE_DELAY_SECONDS: u32 = 300;

/// Of the code that an engine gives with a release.
pub const MAX_RELEASE_CODE_CHARS: usize = 64;
/// Of the reason that an engine gives with a release.
pub const MAX_RELEASE_REASON_CHARS: usize = 500;

/// One call redrives or purges no more dead letters.
pub const MAX_BULK_DEAD_LETTERS: u32 = 10_000;
/// Dead letters that are moved with one commit.
pub const BULK_BATCH_DEAD_LETTERS: usize = 200;
/// One call reschedules no more events.
pub const MAX_BULK_EVENTS: u32 = 10_000;
/// Most events that a filter names by their ids.
pub const MAX_IDS_OF_FILTER: usize = 1000;
/// Events that are rescheduled with one commit.
pub const BULK_BATCH_EVENTS: usize = 500;
/// Events of a run that are counted of each kind.
pub const MAX_COUNTED_EVENTS_OF_RUN: i64 = 10_000;
/// Longest time over which a bulk redrive spreads its events: 7 days.
pub const MAX_SPREAD_SECONDS: u32 = 7 * 86_400;
/// Most groups in one reply.
pub const MAX_DEAD_LETTER_GROUPS: u32 = 200;
/// Of the message that a group of dead letters shows.
pub const MAX_SAMPLE_MESSAGE_CHARS: i32 = 200;
/// Dead letters whose causes are compared where a queue fails, the newest ones.
pub const COMPARED_DEAD_LETTERS: i64 = 500;
/// Of a message in a sentence about others.
pub const MAX_QUOTED_MESSAGE_CHARS: i32 = 60;
/// Attempts of all queues, the newest, among which those of the queues that are asked for are looked for.
pub const SCANNED_ATTEMPTS: i64 = 100_000;
/// Attempts of all queues together that are counted by version.
pub const ATTEMPTS_BY_VERSION: i64 = 10_000;
/// Attempts of one queue that are counted by version.
pub const ATTEMPTS_BY_VERSION_OF_QUEUE: i64 = 2_000;
/// Below it, attempts of a version are too few to say anything.
pub const MIN_ATTEMPTS_OF_VERSION: i64 = 20;
/// Most versions in one reply.
pub const MAX_VERSIONS: i64 = 200;
/// Redrive jobs that have something to do, all together: a step of each is taken about once a second.
pub const MAX_OPEN_REDRIVE_JOBS: i64 = 100;
/// Redrive jobs that are kept, all together.
pub const MAX_REDRIVE_JOBS: i64 = 10_000;
/// Most dead letters that a redrive job tries first.
pub const MAX_CANARY: u32 = 1000;
/// How much of a canary has to complete, where the request does not say it.
pub const DEFAULT_CONTINUE_AT_SUCCESS_RATIO: f64 = 0.9;
/// How long a canary may take, where the request does not say it.
pub const DEFAULT_CANARY_WAIT_SECONDS: u32 = 600;
/// Longest time that a canary may take: 7 days.
pub const MAX_CANARY_WAIT_SECONDS: u32 = 7 * 86_400;
/// Slowest rate of a redrive job: one event in 1000 seconds.
pub const MIN_REDRIVE_RATE: f64 = 0.001;
/// Fastest rate of a redrive job, in events a second.
pub const MAX_REDRIVE_RATE: f64 = 10_000.0;
/// Least part of those that ended which may be said to stop a redrive job when it died again.
pub const MIN_STOP_RATIO: f64 = 0.001;
/// Before so many redriven events have ended, a redrive job is not stopped because some died again.
pub const MIN_JUDGED_REDRIVEN: i64 = 20;
/// Of the merge patch with which a redrive job changes payloads.
pub const MAX_PAYLOAD_PATCH_BYTES: usize = 16 << 10;
/// Payloads that a step of a redrive job changes, but for one of them.
pub const PATCHED_BYTES_OF_STEP: i64 = 4 << 20;
/// Open events of a redrive job that are checked in one step for how they ended.
pub const CHECKED_EVENTS_OF_STEP: i64 = 200;
/// No count of dead letters comes near it.
pub const MAX_EXPECTED_COUNT: u32 = 1_000_000_000;

/// Shortest time a lease may be given or renewed for.
pub const MIN_VISIBILITY_TIMEOUT_SECONDS: u32 = 1;
/// Longest time a lease may be given or renewed for at once: 12 hours.
pub const MAX_VISIBILITY_TIMEOUT_SECONDS: u32 = 43_200;
/// Where neither the poll nor the queue says it.
pub const DEFAULT_VISIBILITY_TIMEOUT_SECONDS: u32 = 300;
/// How long a lease may last with all its renewals, where the queue does not say it: 12 hours.
pub const DEFAULT_MAX_LEASE_SECONDS: u32 = 43_200;

/// Largest `max_lease_seconds` of a queue: 7 days.
pub const MAX_MAX_LEASE_SECONDS: u32 = 604_800;
/// Of the reason an operator gives for a pause.
pub const MAX_PAUSE_REASON_CHARS: usize = 500;
/// Longest pause that ends by itself: 365 days.
pub const MAX_PAUSE_SECONDS: u32 = 365 * 86_400;

/// In how many seconds what is due in a queue is to be processed, where the queue does not say it.
pub const DEFAULT_TARGET_CLEAR_SECONDS: u32 = 60;
/// Largest `target_clear_seconds` of a queue: one day.
pub const MAX_TARGET_CLEAR_SECONDS: u32 = 86_400;
/// Events of a queue are counted up to here, those of each priority for themselves; beyond it counts are estimates.
pub const MAX_EXACT_DEPTH: i64 = 10_000;

/// Queues with more waiting events than this, or more dead letters, are long: lists show them as they were last measured, and a round
/// of measuring counts only some of them where there are many.
pub const LONG_QUEUE: i64 = 1_000;

/// Where due events have waited for longer and none is worked on, it is not said that they are in nobody's way.
pub const STANDS_AFTER_SECONDS: f64 = 10.0;

/// Points of a history in one reply.
pub const MAX_HISTORY_POINTS: i64 = 600;
/// Largest step between two points of a history: one day.
pub const MAX_HISTORY_STEP_SECONDS: u32 = 86_400;
/// Points of a queue that a replica keeps in memory, a minute apart.
pub const MINUTES_KEPT: usize = 20;
/// Due events that have waited for less ask for no attention, even where no engine is active.
pub const NOBODY_WORKS_AFTER_SECONDS: f64 = 30.0;
/// A queue falls behind where its oldest due event has waited for longer than this,
pub const FALLING_BEHIND_AGE_SECONDS: f64 = 300.0;
/// and where that age has grown by this many seconds
pub const FALLING_BEHIND_GROWTH_SECONDS: f64 = 60.0;
/// in this many minutes.
pub const FALLING_BEHIND_MINUTES: usize = 10;
/// Fewer attempts in five minutes do not show that a queue is dying.
pub const DYING_MIN_ATTEMPTS: i64 = 20;
/// The share of attempts that failed or were lost, above which a queue is dying.
pub const DYING_SHARE: f64 = 0.5;
/// Fewer dead letters in an hour ask for no attention.
pub const MIN_NEW_DEAD_LETTERS: i64 = 10;
/// Nor do those of an hour that are no more than this many times those of an average hour of the day before.
pub const NEW_DEAD_LETTERS_FACTOR: f64 = 5.0;
/// Dead letters of the last hour, and of the day before it, that are counted of all queues together.
pub const MAX_COUNTED_NEW_DEAD_LETTERS: i64 = 10_000;
/// Silent losses with which an event is reported as the one that kills engines.
pub const POISON_LEASE_LOSSES: i32 = 2;
/// Events with silent losses that are looked at of each queue, half of them queued.
pub const MAX_SUSPECTS_LOOKED_AT: i64 = 200;
/// A pause without an end asks for attention after this time.
pub const PAUSED_LONG_SECONDS: f64 = 3600.0;

/// Events for a poll, where neither the poll nor the queue says it.
pub const DEFAULT_LEASE_LIMIT: u32 = 3;
/// Most events that one poll may ask for.
pub const MAX_LEASE_LIMIT: u32 = 100;
/// Longest time a poll may wait for events.
pub const MAX_WAIT_SECONDS: u32 = 30;
/// A lease reply stops before this much payload, with at least one event.
pub const MAX_LEASE_REPLY_PAYLOAD_BYTES: u64 = 4 << 20;

/// Of engines whose registration names none.
pub const DEFAULT_HEARTBEAT_TIMEOUT_SECONDS: u32 = 45;
/// Shortest timeout that an engine may register with.
pub const MIN_HEARTBEAT_TIMEOUT_SECONDS: u32 = 3;
/// Longest timeout that an engine may register with: one day.
pub const MAX_HEARTBEAT_TIMEOUT_SECONDS: u32 = 86_400;
/// Largest `max_concurrent_events` of an engine.
pub const MAX_CONCURRENT_EVENTS: u32 = 100_000;
/// Largest `current_workload` of a heartbeat.
pub const MAX_WORKLOAD: u32 = 1_000_000;
/// Largest incarnation that a caller can name.
pub const MAX_INCARNATION: u32 = 999_999_999;
/// Most leases that one heartbeat may renew.
pub const MAX_HEARTBEAT_LEASES: usize = 1000;
/// Longest time that the reply to a heartbeat may wait; less where the engine's heartbeat interval is shorter.
pub const MAX_HEARTBEAT_WAIT_SECONDS: u32 = 60;
/// Longest time for which an engine may hold off at once: one day.
pub const MAX_HOLDING_OFF_SECONDS: u32 = 86_400;
/// Of the reason that an engine gives for holding off.
pub const MAX_HOLDING_OFF_REASON_CHARS: usize = 500;
/// Of the reason with which an engine is told to drain.
pub const MAX_DRAIN_REASON_CHARS: usize = 500;
/// Of the reason an operator gives for a quarantine.
pub const MAX_QUARANTINE_REASON_CHARS: usize = 500;
/// Longest quarantine that ends by itself: 365 days.
pub const MAX_QUARANTINE_SECONDS: u32 = 365 * 86_400;
/// Of one queue. Each claim for a queue with quarantines looks through all of them.
pub const MAX_QUARANTINES_OF_QUEUE: usize = 100;
/// Most ids in the reply where engines are drained together; all of them drain.
pub const MAX_DRAINED_ENGINES_TOLD: usize = 1000;
/// The most ids in the reply where dead letters are redriven or purged together; all of them are done.
pub const MAX_DONE_DEAD_LETTERS_TOLD: usize = 1000;

/// Most groups in the summary of engines.
pub const MAX_ENGINE_GROUPS: u32 = 1000;
/// Longest past time by which engines are filtered: 365 days.
pub const MAX_PAST_SECONDS: u32 = 365 * 86_400;

/// Of the name an admin gives a token.
pub const MAX_TOKEN_NAME_CHARS: usize = 100;
/// Most engine types that one token may be limited to.
pub const MAX_TOKEN_ENGINE_TYPES: usize = 100;
/// Longest life of a token that expires: 10 years of 365 days.
pub const MAX_TOKEN_SECONDS: u32 = 10 * 365 * 86_400;
/// Every replica keeps all of them in memory, about 300 bytes each; beyond it none is made. Of those that are good.
pub const MAX_TOKENS: usize = 100_000;
/// Tokens that engines which register cannot use up, so that an admin can always make one.
pub const RESERVED_TOKENS: usize = 1_000;
/// What has ended is kept for so long, so that its bearer is told why it is refused.
pub const ENDED_TOKEN_DAYS: i32 = 30;
/// The same for an engine's, which gets a new one with each registration, and for a session's, counted from when it was to end.
pub const ENDED_SHORT_TOKEN_SECONDS: f64 = 600.0;
/// Of one engine, older ones go with its next registration: beyond the latest few, and once all replicas have read that
/// they ended.
pub const ENDED_TOKENS_OF_AN_ENGINE: i64 = 3;
/// After this time, every replica has read that a token ended.
pub const SETTLED_TOKEN_SECONDS: f64 = 30.0;
/// With the token by which an engine has registered again it can do so once more, where the reply was lost.
pub const REPLACED_ENGINE_TOKEN_SECONDS: f64 = 60.0;

/// The longest life of a session: a working day and a bit.
pub const SESSION_SECONDS: f64 = 12.0 * 3600.0;
/// Sessions of one token; with one more, the oldest ends.
pub const MAX_SESSIONS_OF_TOKEN: i64 = 20;

/// Of an event, engine, queue, run or token, by which the audit trail is filtered.
pub const MAX_SUBJECT_CHARS: usize = 200;

/// Larger details of an entry of the audit trail are cut.
pub const MAX_AUDIT_DETAIL_BYTES: usize = 16 << 10;

/// Most follow-up events of one settlement.
pub const MAX_FOLLOW_UPS: usize = 100;
/// Most follow-up events of all settlements in one request.
pub const MAX_FOLLOW_UPS_OF_REQUEST: usize = 1000;
/// Most engine types beside its own into which an engine may enqueue.
pub const MAX_MAY_ENQUEUE: usize = 100;
/// Most events in one enqueue request.
pub const MAX_BATCH_EVENTS: usize = 1000;
/// How much of an error's type and message a brief list has. The statements of `store` say this number as well.
pub const MAX_BRIEF_ERROR_CHARS: usize = 200;
/// Items on a page of a list whose request names no limit.
pub const DEFAULT_PAGE: u32 = 50;
/// Most items on a page of a list.
pub const MAX_PAGE: u32 = 200;
/// A page of a list ends before it has more bytes of payloads, results, errors, progress, metadata and details together,
/// but with one item at least. The statements of `store` say this number as well.
pub const MAX_PAGE_BYTES: usize = 4 << 20;

/// Of one event's payload: 1 MiB.
pub const DEFAULT_MAX_PAYLOAD_BYTES: usize = 1 << 20;
/// For `result`, `error.details`, an error without its details, `progress` and an engine's metadata, each.
pub const DEFAULT_MAX_DETAIL_BYTES: usize = 256 << 10;
/// Of a request's body, decompressed: 16 MiB.
pub const DEFAULT_MAX_BODY_BYTES: usize = 16 << 20;
/// Of an object that is read member by member.
pub const MAX_MEMBERS: usize = 10_000;

/// PostgreSQL's own parser recurses; a few thousand levels end in an error there.
pub const DEFAULT_MAX_JSON_DEPTH: usize = 64;

/// The SQL function `eventlease.enqueue` knows this number as well.
pub const DEFAULT_MAX_QUEUES: u32 = 10_000;
/// How many event types may have a retry policy of their own.
pub const DEFAULT_MAX_EVENT_TYPES: u32 = 10_000;
/// A tenth of all there may be.
pub const DEFAULT_MAX_NEW_QUEUES_PER_HOUR: u32 = 1_000;
/// In the week until engines that are never heard of are removed, 84,000: one caller does not use up `MAX_TOKENS`.
pub const DEFAULT_MAX_NEW_ENGINES_PER_HOUR: u32 = 500;

/// The service is taken to have been away when its last sign is older than this.
pub const SERVICE_GAP_SECONDS: u32 = 5;
/// A shorter absence, which matters to engines with a short heartbeat timeout only: one of 3 seconds
/// is not used up by a heartbeat's interval of 1 second and a hiccup that goes unnoticed.
pub const SERVICE_HICCUP_SECONDS: f64 = 1.5;
/// A timeout below this could be used up by an absence that does not count as a gap.
pub const SHORT_HEARTBEAT_TIMEOUT_SECONDS: u32 = 10;
