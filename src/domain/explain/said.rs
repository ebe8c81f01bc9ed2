//! What the rules of one event share.

use chrono::TimeDelta;

use crate::domain::attention::Subject;
use crate::domain::event::Event;
use crate::domain::numbers::to_f64;
use crate::domain::spans::in_words;

/// An event, and its queue.
pub fn subject_of(event: &Event) -> Subject {
    Subject { event_id: Some(event.event_id), ..Subject::queue(&event.engine_type) }
}

/// A span as people say it.
pub fn seconds_in_words(span: TimeDelta) -> String {
    in_words(to_f64(span.num_milliseconds()) / 1000.0)
}
