//! Answers about history that are kept for a few seconds. Ranges begin and end on whole steps, so all who watch the same plot ask
//! for the same range.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use crate::domain::history::{HistoryMinute, HistoryRange};
use crate::domain::names::EngineType;

/// How long an answer is shared. Another replica may write the next minute meanwhile.
const SHARED_FOR: Duration = Duration::from_secs(10);
/// An answer has up to 600 points, of about 200 bytes each.
const MAX_ANSWERS: usize = 50;

/// A queue, of which `None` is all, and a range.
type Question = (Option<EngineType>, HistoryRange);

/// Points, one for each step; `None` where nothing was measured.
pub type Points = Arc<[Option<HistoryMinute>]>;

/// Answers by their questions, each with the time at which it was read.
#[derive(Debug, Default)]
pub struct SharedHistory(Mutex<HashMap<Question, (Instant, Points)>>);

impl SharedHistory {
    /// The answer to this question, if somebody has asked it a moment ago.
    pub fn get(&self, question: &Question, now: Instant) -> Option<Points> {
        let answers = self.0.lock();
        let (read_at, points) = answers.get(question)?;
        (now - *read_at < SHARED_FOR).then(|| Arc::clone(points))
    }

    /// Shares an answer. Above the limit the oldest one is dropped.
    pub fn put(&self, question: Question, now: Instant, points: Points) {
        let mut answers = self.0.lock();
        answers.retain(|_, (read_at, _)| now - *read_at < SHARED_FOR);
        if answers.len() >= MAX_ANSWERS
            && let Some(oldest) =
                answers.iter().min_by_key(|(_, (read_at, _))| *read_at).map(|(asked, _)| asked.clone())
        {
            answers.remove(&oldest);
        }
        answers.insert(question, (now, points));
    }

    /// Forgets all answers, since there is a new minute.
    pub fn clear(&self) {
        self.0.lock().clear();
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::*;

    fn question(minutes: i64) -> Question {
        let from = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        (None, HistoryRange::new(from, from + TimeDelta::minutes(minutes), None).expect("a range"))
    }

    #[test]
    fn an_answer_is_shared_for_ten_seconds_and_for_its_own_question() {
        let (shared, now) = (SharedHistory::default(), Instant::now());
        shared.put(question(3), now, Arc::new([None, None, None]));
        let length = |minutes, seconds| {
            shared.get(&question(minutes), now + Duration::from_secs(seconds)).map(|points| points.len())
        };
        assert_eq!([length(3, 0), length(3, 9), length(3, 10), length(4, 0)], [Some(3), Some(3), None, None]);
        shared.clear();
        assert_eq!(length(3, 0), None);
    }

    #[test]
    fn no_more_answers_are_kept_than_fit_and_the_oldest_goes_first() {
        let (shared, now) = (SharedHistory::default(), Instant::now());
        for minutes in 1..=60_u16 {
            shared.put(question(minutes.into()), now + Duration::from_millis(minutes.into()), Arc::new([]));
        }
        let kept = (1..=60).filter(|minutes| shared.get(&question(*minutes), now + Duration::from_secs(1)).is_some());
        assert_eq!(kept.collect::<Vec<_>>(), (11..=60).collect::<Vec<_>>());
    }
}
