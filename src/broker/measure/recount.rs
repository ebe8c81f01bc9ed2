//! Which of the long queues are counted in a round. Counting all of them would cost the more the deeper they are.

use std::collections::HashSet;

use chrono::{DateTime, Utc};

use crate::domain::limits::MAX_EXACT_DEPTH;
use crate::domain::queue::Depth;

/// Index entries that the long queues may cost in a round, somewhat less than a tenth of a second.
const MAX_ENTRIES: i64 = 300_000;
/// Looking into each lane and priority of a queue costs as much as reading that many entries.
const COST_OF_A_QUEUE: i64 = 1_000;

/// Each of them is counted to the bound.
const PRIORITIES: i64 = 10;

/// A long queue that was counted in a round before.
pub struct LongQueue<'a> {
    /// Its name.
    pub engine_type: &'a str,
    /// As it was counted then.
    pub depth: &'a Depth,
    /// When that was.
    pub counted_at: DateTime<Utc>,
    /// Whether anything happened in it in the last minute, or a delayed event has become due since it was counted.
    pub is_active: bool,
}

/// Those that keep their counts in this round. The others are counted anew: the one whose counts are the oldest in any case, so that
/// each is counted once in as many rounds as there are long queues; then the active ones, then the idle ones, and of these
/// those first whose counts are the oldest.
pub fn kept(mut queues: Vec<LongQueue<'_>>) -> HashSet<&str> {
    queues.sort_by_key(|queue| queue.counted_at);
    // The sort is stable.
    if let Some((_, others)) = queues.split_first_mut() {
        others.sort_by_key(|queue| !queue.is_active);
    }
    let mut entries = 0;
    let mut kept = HashSet::new();
    for (place, queue) in queues.into_iter().enumerate() {
        entries += cost(queue.depth);
        if entries > MAX_ENTRIES && place > 0 {
            kept.insert(queue.engine_type);
        }
    }
    kept
}

/// What it costs to count a queue that is as deep as that, in index entries.
fn cost(depth: &Depth) -> i64 {
    depth.due_by_priority.iter().sum::<i64>()
        + depth.delayed.min(PRIORITIES * MAX_EXACT_DEPTH)
        + depth.dead_letters
        + COST_OF_A_QUEUE
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, TimeDelta};

    use super::{COST_OF_A_QUEUE, Depth, LongQueue, MAX_ENTRIES, kept};

    fn depth(due: i64) -> Depth {
        Depth { due, due_by_priority: vec![due], ..Depth::default() }
    }

    fn kept_of(queues: &[(&'static str, &Depth, i64, bool)]) -> Vec<&'static str> {
        let counted = queues.iter().map(|(engine_type, depth, seconds, is_active)| LongQueue {
            engine_type,
            depth,
            counted_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(*seconds),
            is_active: *is_active,
        });
        let mut names: Vec<&str> = kept(counted.collect()).into_iter().collect();
        names.sort_unstable();
        queues.iter().map(|queue| queue.0).filter(|name| names.contains(name)).collect()
    }

    #[test]
    fn all_are_counted_while_together_they_cost_little() {
        assert!(kept_of(&[("a", &depth(5000), 1, true), ("b", &depth(100_000), 2, false)]).is_empty());
    }

    #[test]
    fn the_one_counted_longest_ago_comes_first_then_active_ones_then_the_others_by_their_age() {
        let third = depth(MAX_ENTRIES / 3 - COST_OF_A_QUEUE);
        let queues = [
            ("new", &third, 3, false),
            ("old", &third, 2, false),
            ("oldest", &third, 1, false),
            ("active", &third, 4, true),
        ];
        assert_eq!(kept_of(&queues), ["new"]);
    }

    #[test]
    fn one_that_costs_more_than_a_round_may_is_counted_too() {
        let long = depth(MAX_ENTRIES * 2);
        assert_eq!(kept_of(&[("a", &long, 2, true), ("b", &long, 1, true)]), ["a"]);
    }

    #[test]
    fn each_is_counted_once_in_as_many_rounds_as_there_are_queues() {
        let long = depth(MAX_ENTRIES);
        let names = ["idle", "active 1", "active 2", "other", "active 3"];
        let mut counted_at = [0; 5];
        for round in 1..=5 {
            let queues: Vec<_> = names
                .iter()
                .zip(counted_at)
                .map(|(name, counted_at)| (*name, &long, counted_at, name.starts_with("active")))
                .collect();
            let kept = kept_of(&queues);
            for (name, counted_at) in names.iter().zip(&mut counted_at).filter(|(name, _)| !kept.contains(name)) {
                assert_eq!(*counted_at, 0, "{name} is counted twice before others are");
                *counted_at = round;
            }
        }
        assert!(counted_at.iter().all(|counted_at| *counted_at > 0), "{counted_at:?}");
    }
}
