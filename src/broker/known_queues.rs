//! Queues whose row is known to exist, so that most batches need not look for it. What is remembered is forgotten when a
//! queue is removed, and where housekeeping does not find its row: an event whose queue's row is missing all the same is
//! no loss, since housekeeping makes the row again.

use std::collections::HashSet;

use crate::domain::new_event::NewEvent;
use parking_lot::{Mutex, MutexGuard};

/// Of others it is asked anew with every batch whether they exist.
const MAX_KNOWN_QUEUES: usize = 100_000;

/// The names of queues that have a row.
#[derive(Debug, Default)]
pub struct KnownQueues(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    names: HashSet<String>,
    /// How often something was forgotten.
    forgotten: u64,
}

/// A moment: what was found out before it may have been forgotten since.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AsOf(u64);

impl KnownQueues {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock()
    }

    /// Those queues of events that may be new, in the order of their names; and as of when.
    pub fn unknown_of<'a>(&self, events: &[&'a NewEvent]) -> (Vec<&'a str>, AsOf) {
        let known = self.lock();
        let names = events.iter().map(|event| event.engine_type.as_str());
        let mut queues: Vec<&str> = names.filter(|queue| !known.names.contains(*queue)).collect();
        let as_of = AsOf(known.forgotten);
        drop(known);
        queues.sort_unstable();
        queues.dedup();
        (queues, as_of)
    }

    /// These were found or made. Nothing is remembered where a queue was removed meanwhile: it may be one of them.
    pub fn note<'a>(&self, queues: impl Iterator<Item = &'a str>, as_of: AsOf) {
        let mut known = self.lock();
        if known.forgotten != as_of.0 {
            return;
        }
        for queue in queues {
            if known.names.len() < MAX_KNOWN_QUEUES && !known.names.contains(queue) {
                known.names.insert(queue.to_owned());
            }
        }
    }

    /// The queue was removed.
    pub fn forget(&self, queue: &str) {
        let mut known = self.lock();
        known.forgotten += 1;
        known.names.remove(queue);
    }

    /// Forgets all queues but these, whose rows were found. One that was made meanwhile is looked for once more.
    pub fn keep(&self, found: &HashSet<&str>) {
        let mut known = self.lock();
        known.forgotten += 1;
        known.names.retain(|queue| found.contains(queue.as_str()));
    }

    /// Removals may have gone unheard.
    pub fn forget_all(&self) {
        let mut known = self.lock();
        known.forgotten += 1;
        known.names.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_found_before_a_removal_is_not_remembered_after_it() {
        let (known, event) = (KnownQueues::default(), NewEvent::plain("dialogue"));
        let (unknown, as_of) = known.unknown_of(&[&event]);
        assert_eq!(unknown, ["dialogue"]);
        known.note(unknown.into_iter(), as_of);
        let (unknown, as_of) = known.unknown_of(&[&event]);
        assert!(unknown.is_empty());
        known.forget("dialogue");
        known.note(["dialogue"].into_iter(), as_of);
        assert_eq!(known.unknown_of(&[&event]).0, ["dialogue"]);
        known.note(["dialogue"].into_iter(), known.unknown_of(&[&event]).1);
        known.forget_all();
        assert_eq!(known.unknown_of(&[&event]).0, ["dialogue"]);
    }

    #[test]
    fn queues_whose_rows_are_found_stay_known() {
        let (known, dialogue, chess) = (KnownQueues::default(), NewEvent::plain("dialogue"), NewEvent::plain("chess"));
        let (unknown, as_of) = known.unknown_of(&[&dialogue, &chess]);
        known.note(unknown.into_iter(), as_of);
        known.keep(&HashSet::from(["dialogue", "of-another-replica"]));
        assert_eq!(known.unknown_of(&[&dialogue, &chess]).0, ["chess"]);
        // The row may have been found before the one that housekeeping missed was deleted.
        known.note(["chess"].into_iter(), as_of);
        assert_eq!(known.unknown_of(&[&dialogue, &chess]).0, ["chess"]);
    }
}
