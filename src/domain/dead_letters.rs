//! Dead letters in bulk: when redriven ones are due, and what they are grouped by.

/// When dead letters that are redriven together are due.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Schedule {
    /// The first one's delay.
    pub delay_seconds: u32,
    /// They become due evenly over that many seconds, so that no wave hits what has just recovered.
    pub spread_seconds: u32,
}

impl Schedule {
    /// The delay of the `index`th of `count`, the first being 0.
    #[must_use]
    pub fn delay_of(self, index: usize, count: usize) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "bounded by MAX_BULK_DEAD_LETTERS")]
        let share = if count == 0 { 0.0 } else { index as f64 / count as f64 };
        share.mul_add(f64::from(self.spread_seconds), f64::from(self.delay_seconds))
    }
}

/// What dead letters can be grouped by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupBy {
    Reason,
    EventType,
    ErrorType,
    EngineSoftwareVersion,
}

impl GroupBy {
    pub const ALL: [Self; 4] = [Self::Reason, Self::EventType, Self::ErrorType, Self::EngineSoftwareVersion];

    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Reason => "reason",
            Self::EventType => "event_type",
            Self::ErrorType => "error_type",
            Self::EngineSoftwareVersion => "engine_software_version",
        }
    }

    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|by| by.as_str() == text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_even_and_begins_after_the_delay() {
        let schedule = Schedule { delay_seconds: 10, spread_seconds: 60 };
        let delays: Vec<f64> = (0..4).map(|index| schedule.delay_of(index, 4)).collect();
        assert_eq!(delays, [10.0, 25.0, 40.0, 55.0]);
        let at_once: Vec<f64> = (0..2).map(|index| Schedule::default().delay_of(index, 2)).collect();
        assert_eq!(at_once, [0.0, 0.0]);
    }

    #[test]
    fn what_can_be_grouped_by_is_known_by_its_name() {
        for by in GroupBy::ALL {
            assert_eq!(GroupBy::parse(by.as_str()), Some(by));
        }
        assert_eq!(GroupBy::parse("engine_type"), None);
    }
}
