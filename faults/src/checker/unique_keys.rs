//! No two open events of a queue have one unique key.
//!
//! The times are the database's: an event with a key is stored by a later statement than the one that ended the event which had
//! the key before, and after that had been committed.

use std::collections::HashMap;

use super::findings::Findings;
use super::index::{Index, seconds};
use crate::history::{At, Event, Terms};

pub fn one_holder(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    let mut holders: HashMap<&(String, String), Vec<(At, &Event)>> = HashMap::new();
    for event in index.stock.values() {
        if let (Some(key), Some(created_at)) = (&event.unique_key, event.created_at) {
            holders.entry(key).or_default().push((created_at, event));
        }
    }
    for ((queue, key), mut events) in holders {
        events.sort_by_key(|(created_at, event)| (*created_at, event.event));
        for (place, (_, first)) in events.iter().enumerate() {
            findings.look();
            let Some((created_at, second)) = events.get(place + 1) else { continue };
            let text = match first.finished_at {
                Some(finished_at) if finished_at <= *created_at => continue,
                Some(finished_at) => format!("ended at {:.3} s", seconds(finished_at)),
                None => "is open".to_owned(),
            };
            let (second, began) = (second.event, seconds(*created_at));
            findings.of_event(
                first.event,
                format!("has {key} of {queue}, {text}; event {second} has it from {began:.3} s on"),
            );
        }
    }
}

/// Whoever is answered with an event for a unique key is answered with one that has it.
pub fn answered_by_holder(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for enqueue in &index.enqueues {
        let (Some(key), Some(events)) = (&enqueue.unique_key, enqueue.answer.done()) else { continue };
        for event in events {
            findings.look();
            // What is not there is the other rule's.
            let has_another =
                index.stock.get(event).is_some_and(|found| found.unique_key.as_ref().is_none_or(|(_, has)| has != key));
            if has_another {
                findings
                    .of_event(*event, format!("was the answer to {}, and has not its unique key {key}", enqueue.label));
            }
        }
    }
}
