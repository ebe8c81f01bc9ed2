//! The rules, pure: no I/O, no clock, no randomness of their own. Facts go in, verdicts come out. And the nouns that these
//! are about, as the database and the callers know them.
//!
//! In reading order, from the top to the ground: a module imports only what stands after it.

/// Why an event is not worked on, and why a queue grows.
pub mod explain;
/// Who gets which event.
pub mod assignment;
/// Which engine is kept free for an event that is leased alone.
pub mod exclusive_engine;
/// Dead letters put back into their queues in steps.
pub mod redrive_job;
/// Ended events that a redrive can bring back.
pub mod dead_letters;
/// An event in an engine's hands.
pub mod leased_event;
/// Attempts that have ended.
pub mod attempt;
/// Who may end a lease.
pub mod fence;
/// How budgets are spent, and what follows.
pub mod verdict;
/// What an engine may hold beside an event.
pub mod lane;
/// What dead letters with one cause have in common.
pub mod fingerprint;
/// What an engine may report.
pub mod settlement;
/// What an engine enqueues with a completion.
pub mod follow_up;
/// What a producer sends.
pub mod new_event;
/// Events that belong together.
pub mod run;
/// What changes about queued events.
pub mod rescheduling;
/// What an event may do: the drawing.
pub mod event;
/// What somebody should see to.
pub mod attention;
/// The whole service as it was last measured.
pub mod snapshot;
/// How queues stood, minute by minute.
pub mod history;
/// How a queue stands.
pub mod queue_report;
/// What happened in a queue lately.
pub mod queue_activity;
pub mod queue;
/// Which engines live without working.
pub mod zombie;
/// How many engines do what.
pub mod engine_group;
pub mod orders;
pub mod engine;
pub mod retry_policy;
/// Whose quota something counts against.
pub mod requester;
/// What operators change is recorded.
pub mod audit;
pub mod tokens;
/// Who may do what.
pub mod access;
pub mod database_health;
/// Commands of the program, in sentences of advice.
pub mod advised_command;
/// What others named, as a word of a command that can be copied.
pub mod shell_word;
/// Numbers with their nouns.
pub mod counted;
/// Durations in words.
pub mod spans;
/// How long attempts took.
pub mod durations;
/// Limits by tokens that refill.
pub mod buckets;
pub mod merge_patch;
pub mod log_text;
pub mod page;
/// What a `traceparent` is.
pub mod trace_context;
pub mod names;
/// Numbers of one type as another.
pub mod numbers;
pub mod json;
pub mod ids;
/// Enumerations and their words.
mod words;
/// Every number that bounds something.
pub mod limits;
