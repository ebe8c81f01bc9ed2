//! The lane an event waits in. It says what an engine may hold beside the event: a silent loss makes an event a suspect, since
//! it may be what killed its engine.

/// A queued event's lane. A leased event keeps the lane from which it was leased.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum Lane {
    /// No lease of it was lost in silence: leased together with any others but isolated ones.
    #[default]
    Normal,
    /// A suspect that is leased beside others; an engine holds one such event at a time.
    OnePerEngine,
    /// A suspect that is leased alone: the only event of its reply, to an engine that holds nothing else.
    Isolated,
}

impl Lane {
    /// All lanes, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Normal, Self::OnePerEngine, Self::Isolated];

    /// As it is stored, 0 to 2.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The lane of a stored number.
    #[must_use]
    pub const fn of_number(number: i16) -> Self {
        match number {
            ..=0 => Self::Normal,
            1 => Self::OnePerEngine,
            2.. => Self::Isolated,
        }
    }
}

/// From which silent loss on an event is isolated, as an operator decides.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum SuspectIsolation {
    /// Every suspect is isolated.
    FirstLoss,
    /// A suspect is isolated from its second loss on, and from its first where the next one would make it a dead letter.
    #[default]
    SecondLoss,
    /// No suspect is isolated: an engine holds one suspect at a time beside other events.
    Never,
}

impl SuspectIsolation {
    /// The lane of an event that has had so many silent losses, where `dead_letter_threshold` of them make a dead letter.
    #[must_use]
    pub const fn lane(self, lease_losses: u32, dead_letter_threshold: u32) -> Lane {
        let is_isolated = match self {
            Self::FirstLoss => true,
            Self::SecondLoss => lease_losses >= 2 || lease_losses + 1 >= dead_letter_threshold,
            Self::Never => false,
        };
        match (lease_losses, is_isolated) {
            (0, _) => Lane::Normal,
            (1.., false) => Lane::OnePerEngine,
            (1.., true) => Lane::Isolated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(isolation: SuspectIsolation, dead_letter_threshold: u32) -> [u8; 4] {
        [0, 1, 2, 3].map(|lease_losses| isolation.lane(lease_losses, dead_letter_threshold).number())
    }

    #[test]
    fn an_event_is_isolated_from_its_second_loss_on_or_before_the_last_one() {
        assert_eq!(lanes(SuspectIsolation::SecondLoss, 100), [0, 1, 2, 2]);
        assert_eq!(lanes(SuspectIsolation::SecondLoss, 3), [0, 1, 2, 2]);
        assert_eq!(lanes(SuspectIsolation::SecondLoss, 2), [0, 2, 2, 2]);
        assert_eq!(lanes(SuspectIsolation::SecondLoss, 1), [0, 2, 2, 2], "without a loss it is no suspect");
    }

    #[test]
    fn an_operator_may_isolate_every_suspect_or_none() {
        for dead_letter_threshold in [1, 2, 3, 100] {
            assert_eq!(lanes(SuspectIsolation::FirstLoss, dead_letter_threshold), [0, 2, 2, 2]);
            assert_eq!(lanes(SuspectIsolation::Never, dead_letter_threshold), [0, 1, 1, 1]);
        }
    }

    #[test]
    fn every_lane_has_its_number() {
        assert_eq!(Lane::ALL.map(|lane| Lane::of_number(lane.number().into())), Lane::ALL);
    }
}
