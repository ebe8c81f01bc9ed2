//! Labels, and the values they may have. A counter that exists from the start makes its first event an increase, which a
//! counter that appears with the value 1 is not.

use crate::domain::access::Role;
use crate::domain::engine::RegistrationKind;
use crate::domain::event::CancelReason;
use crate::domain::event::DeadLetterReason;
use crate::domain::settlement::Answer;
use crate::domain::verdict::Loss;

/// A label of a metric.
#[derive(Clone, Copy, Debug)]
pub struct Label {
    /// Its name in Prometheus.
    pub name: &'static str,
    values: Values,
}

/// Which values a label has, and who makes its series.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// Queues: each gets its series when it becomes known, and loses them when it is removed.
    Queues,
    /// Known here.
    Listed(fn() -> Vec<&'static str>),
    /// Known elsewhere: their owner makes the series when the server starts, or they cannot be listed.
    OfOwner,
}

/// The outcome of a renewal, which ends no lease.
pub const RENEWED: &str = "renewed";

impl Label {
    /// The queue; those beyond `--max-metric-queues` are counted together.
    pub const QUEUE: Self = Self { name: "engine_type", values: Values::Queues };
    /// Why a lease was lost.
    pub const LOSS: Self = Self::listed("cause", || Loss::ALL.map(Loss::as_str).to_vec());
    /// What a report on a lease came to, renewals included.
    pub const SETTLEMENT: Self =
        Self::listed("outcome", || Answer::ALL.map(Answer::as_str).into_iter().chain([RENEWED]).collect());
    /// Why an event became a dead letter.
    pub const DEAD_LETTER_REASON: Self =
        Self::listed("reason", || DeadLetterReason::ALL.map(DeadLetterReason::as_str).to_vec());
    /// Why an event was cancelled.
    pub const CANCEL_REASON: Self = Self::listed("reason", || CancelReason::ALL.map(CancelReason::as_str).to_vec());
    /// An engine that registers is new, or has restarted.
    pub const REGISTRATION: Self =
        Self::listed("kind", || RegistrationKind::ALL.map(RegistrationKind::as_str).to_vec());

    /// The role of a caller's token.
    pub const ROLE: Self = Self::listed("role", || Role::ALL.map(Role::as_str).to_vec());

    /// A label whose series are made where its values are declared, on a higher floor.
    pub const fn of_owner(name: &'static str) -> Self {
        Self { name, values: Values::OfOwner }
    }

    const fn listed(name: &'static str, values: fn() -> Vec<&'static str>) -> Self {
        Self { name, values: Values::Listed(values) }
    }

    fn values_for<'a>(&self, queue: Option<&'a str>) -> Vec<&'a str> {
        match self.values {
            Values::Queues => queue.into_iter().collect(),
            Values::Listed(values) => values(),
            Values::OfOwner => Vec::new(),
        }
    }
}

/// All combinations of the labels' values that are known here. A metric with queues as a label has them for a queue only, and any
/// other metric without a queue only.
pub fn combinations<'a>(labels: &[Label], queue: Option<&'a str>) -> Vec<Vec<&'a str>> {
    let has_queues = labels.iter().any(|label| matches!(label.values, Values::Queues));
    if has_queues != queue.is_some() {
        return Vec::new();
    }
    labels.iter().fold(vec![Vec::new()], |found, label| {
        let values = label.values_for(queue);
        let longer = |begin: &Vec<&'a str>| {
            values.iter().map(|value| begin.iter().copied().chain([*value]).collect()).collect::<Vec<_>>()
        };
        found.iter().flat_map(longer).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_combinations_of_listed_values_are_made_for_a_queue() {
        let labels = [Label::QUEUE, Label::REGISTRATION];
        assert_eq!(combinations(&labels, Some("a")), [["a", "new"], ["a", "restarted"]]);
        assert_eq!(combinations(&[Label::QUEUE], Some("a")), [["a"]]);
        assert!(combinations(&labels, None).is_empty());
        assert_eq!(combinations(&[Label::REGISTRATION], None), [["new"], ["restarted"]]);
        assert!(combinations(&[Label::REGISTRATION], Some("a")).is_empty());
        assert!(combinations(&[Label::QUEUE, Label::of_owner("code")], Some("a")).is_empty());
    }
}
