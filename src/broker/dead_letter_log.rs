//! Dead letters in the log: a line each while there are few, and beyond that one line a second with their number.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::domain::counted::counted;
use crate::domain::event::DeadLetterReason;
use crate::domain::ids::EventId;
use crate::logs::LineBudget;

const LINES_A_SECOND: u32 = 5;
/// Queues and reasons that a line names with a number of their own.
const MAX_GROUPS: usize = 5;

/// An event that has become a dead letter.
#[derive(Clone, Debug)]
pub struct DeadLettered {
    /// Its id.
    pub event_id: EventId,
    /// Its queue.
    pub engine_type: String,
    /// Why it is not tried again.
    pub reason: DeadLetterReason,
    /// The number of its last attempt.
    pub attempt: i32,
}

/// Logs dead letters, no more than a few lines a second.
#[derive(Debug)]
pub struct DeadLetterLog {
    budget: LineBudget,
    left_out: Mutex<BTreeMap<(String, &'static str), LeftOut>>,
}

/// Dead letters of one queue and reason that had no line of their own.
#[derive(Clone, Copy, Debug)]
struct LeftOut {
    count: u64,
    latest: EventId,
}

impl Default for DeadLetterLog {
    fn default() -> Self {
        Self { budget: LineBudget::new(LINES_A_SECOND, Duration::from_secs(1)), left_out: Mutex::default() }
    }
}

impl DeadLetterLog {
    /// Logs this one, or counts it for the next summary.
    pub fn note(&self, letter: DeadLettered) {
        let DeadLettered { event_id, engine_type, reason, attempt } = letter;
        if self.budget.take(Instant::now()).is_some() {
            let (reason, attempts) = (reason.in_words(), counted(attempt, "attempt"));
            tracing::info!("dead letter: event {event_id} of queue {engine_type}: {reason} after {attempts}");
            return;
        }
        let mut left_out = self.left_out.lock();
        let group = left_out.entry((engine_type, reason.in_words()));
        let group = group.or_insert(LeftOut { count: 0, latest: event_id });
        *group = LeftOut { count: group.count + 1, latest: event_id };
    }

    /// Logs those that had no line of their own since the last time.
    pub fn flush(&self) {
        let left_out = std::mem::take(&mut *self.left_out.lock());
        if !left_out.is_empty() {
            tracing::info!("dead letters: {}", summary(left_out));
        }
    }
}

/// `7 more: 6 of queue dialogue: retries exhausted, the latest event …; 1 of queue vision: …`
fn summary(left_out: BTreeMap<(String, &'static str), LeftOut>) -> String {
    let total: u64 = left_out.values().map(|group| group.count).sum();
    let mut groups: Vec<_> = left_out.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.count));
    let others: u64 = groups.iter().skip(MAX_GROUPS).map(|(_, group)| group.count).sum();
    let mut parts: Vec<String> = groups
        .into_iter()
        .take(MAX_GROUPS)
        .map(|((engine_type, reason), LeftOut { count, latest })| {
            format!("{count} of queue {engine_type}: {reason}, the latest event {latest}")
        })
        .collect();
    if others > 0 {
        parts.push(format!("{others} of other queues or for other reasons"));
    }
    format!("{total} more: {}", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_names_the_largest_groups_and_counts_the_rest() {
        let groups = (1..=8).map(|n| {
            let letter = LeftOut { count: n * 10, latest: EventId(uuid::Uuid::from_u128(n.into())) };
            ((format!("queue{n}"), "retries exhausted"), letter)
        });
        let text = summary(groups.collect());
        assert!(
            text.starts_with("360 more: 80 of queue queue8: retries exhausted, the latest event 00000000-"),
            "{text}"
        );
        assert!(text.ends_with("; 60 of other queues or for other reasons"), "{text}");
        assert!(text.len() < 1_000, "{text}");
    }

    #[test]
    fn ten_thousand_dead_letters_are_a_few_lines() {
        let log = DeadLetterLog::default();
        for n in 0..10_000_u128 {
            let event_id = EventId(uuid::Uuid::from_u128(n));
            let reason = DeadLetterReason::RetriesExhausted;
            log.note(DeadLettered { event_id, engine_type: "dialogue".to_owned(), reason, attempt: 4 });
        }
        let left_out = log.left_out.lock();
        let counts: Vec<u64> = left_out.values().map(|group| group.count).collect();
        // The machine may have needed some seconds for it.
        assert!(counts.len() == 1 && counts[0] > 9_000, "{counts:?}");
    }
}
