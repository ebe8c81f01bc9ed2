//! Which engines had nothing to do, as they knew themselves: whether there was anybody for an event that waits for an engine
//! of its own.

use std::collections::HashMap;

use uuid::Uuid;

use super::index::{Heard, Index};
use crate::history::{Answer, At, Poll, SECOND, Word};

/// What a poll without a reply leased is lost, or has run out, after that.
const LEASES_LAST: At = 30 * SECOND;

/// Engines of one queue, as far as events show that came from one to another.
#[derive(Debug, Default)]
pub struct Engines<'a> {
    /// By engine, another one of its queue; the last of such a chain stands for the queue.
    links: HashMap<Uuid, Uuid>,
    leases: HashMap<Uuid, Vec<(Uuid, Heard<'a>)>>,
    polls: HashMap<Uuid, Vec<&'a Poll>>,
}

impl<'a> Engines<'a> {
    pub fn of(index: &Index<'a>) -> Self {
        let mut engines = Self::default();
        for (event, heard) in &index.leases {
            for lease in heard {
                engines.leases.entry(lease.engine).or_default().push((*event, *lease));
                let (one, other) = (engines.queue_of(heard[0].engine), engines.queue_of(lease.engine));
                if one != other {
                    engines.links.insert(one, other);
                }
            }
        }
        for poll in &index.polls {
            engines.polls.entry(poll.engine).or_default().push(*poll);
        }
        engines
    }

    fn queue_of(&self, engine: Uuid) -> Uuid {
        let mut queue = engine;
        while let Some(next) = self.links.get(&queue) {
            queue = *next;
        }
        queue
    }

    /// Whether an engine of the same queue that held nothing asked between these times, and got nothing by then.
    pub fn asked_in_vain(&self, index: &Index<'_>, engine: Uuid, from: At, to: At) -> bool {
        let queue = self.queue_of(engine);
        self.polls.iter().filter(|(other, _)| **other != engine && self.queue_of(**other) == queue).any(|(_, polls)| {
            polls.iter().any(|poll| {
                let got_nothing = match &poll.answer {
                    Answer::Done(leases) => poll.span.ended > to || leases.is_empty(),
                    Answer::Refused(_) | Answer::Unsure(_) | Answer::Unsent => false,
                };
                let is_kept_out = index.is_quarantined(poll.engine, poll.span.sent, poll.span.ended);
                got_nothing
                    && !is_kept_out
                    && poll.span.sent < to
                    && poll.span.ended > from
                    && self.is_idle(index, poll)
            })
        })
    }

    /// Whether the engine held nothing, and asked only once, while that poll was under way.
    fn is_idle(&self, index: &Index<'_>, poll: &Poll) -> bool {
        let span = poll.span;
        let holds = |(event, heard): &(Uuid, Heard<'_>)| {
            let is_this = heard.span.sent == span.sent;
            !is_this && heard.span.sent < span.ended && index.expires_at(*event, heard.lease) > span.sent && {
                let settled = index.words_on(*event).iter().find(|said| {
                    said.item.token == heard.lease.token
                        && said.item.word != Word::Renew
                        && said.item.answer.done().is_some()
                });
                settled.is_none_or(|said| said.span.ended > span.sent)
            }
        };
        let may_hold = |other: &&Poll| {
            matches!(other.answer, Answer::Unsure(_))
                && other.span.sent < span.ended
                && other.span.sent + LEASES_LAST > span.sent
        };
        !self.leases.get(&poll.engine).is_some_and(|leases| leases.iter().any(holds))
            && !self.polls.get(&poll.engine).is_some_and(|polls| polls.iter().any(may_hold))
    }
}
