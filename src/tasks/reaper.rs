//! Frees the leases of engines that fell silent, and those that ran out.

use std::sync::Arc;

use crate::broker::reap::Reaped;
use crate::broker::{Broker, Result};
use crate::domain::counted::counted;

/// One round; the report says what was freed, `None` if nothing was.
pub async fn run_once(broker: Arc<Broker>) -> Result<Option<String>> {
    let reaped = broker.reap().await?;
    Ok((!reaped.is_nothing()).then(|| in_words(&reaped)))
}

/// `marked 1 engine unresponsive, returned 3 leases (engine … of dialogue)`
fn in_words(reaped: &Reaped) -> String {
    let Reaped { engines_marked_unresponsive, unresponsive, .. } = reaped;
    let parts = [
        (*engines_marked_unresponsive as u64, "marked ", "engine", " unresponsive"),
        (reaped.leases_of_unresponsive as u64, "returned ", "lease", ""),
        (reaped.leases_expired as u64, "returned ", "expired lease", ""),
        (reaped.events_too_old as u64, "cancelled ", "event", " after discard_after_seconds"),
    ];
    let done = parts.into_iter().filter(|(count, ..)| *count > 0);
    let done: Vec<String> =
        done.map(|(count, verb, noun, rest)| format!("{verb}{}{rest}", counted(count, noun))).collect();
    let done = done.join(", ");
    if unresponsive.is_empty() {
        return done;
    }
    let more = engines_marked_unresponsive.saturating_sub(unresponsive.len());
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    format!("{done} (engine {}{more})", unresponsive.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_done_is_told_in_words() {
        let unresponsive = vec!["e1 of dialogue".to_owned()];
        let reaped =
            Reaped { engines_marked_unresponsive: 1, unresponsive, leases_of_unresponsive: 3, ..Reaped::default() };
        assert_eq!(in_words(&reaped), "marked 1 engine unresponsive, returned 3 leases (engine e1 of dialogue)");
        let reaped = Reaped { leases_expired: 1, events_too_old: 2, ..Reaped::default() };
        assert_eq!(in_words(&reaped), "returned 1 expired lease, cancelled 2 events after discard_after_seconds");
        let unresponsive = vec!["e1 of a".to_owned(), "e2 of b".to_owned()];
        let reaped = Reaped { engines_marked_unresponsive: 9, unresponsive, ..Reaped::default() };
        assert_eq!(in_words(&reaped), "marked 9 engines unresponsive (engine e1 of a, e2 of b, and 7 more)");
    }
}
