//! How long a client is asked to wait where nobody knows how long it will take: a time at random, so that clients that
//! were refused together do not come back together.

use std::ops::RangeInclusive;

/// Why a client is to come back later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Later {
    /// The server has too much to do.
    Overloaded,
    /// The server stops; another one, or the next process, takes its place.
    Stopping,
}

impl Later {
    const fn range(self) -> RangeInclusive<u32> {
        match self {
            Self::Overloaded => 1..=5,
            Self::Stopping => 2..=10,
        }
    }

    /// Seconds to wait, for one client.
    pub fn seconds(self) -> u32 {
        rand::random_range(self.range())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_second_of_the_range_is_told_to_some_client_and_no_other() {
        for (later, range) in [(Later::Overloaded, 1..=5), (Later::Stopping, 2..=10)] {
            let told: BTreeSet<u32> = (0..10_000).map(|_| later.seconds()).collect();
            assert!(told.iter().copied().eq(range), "{later:?}: {told:?}");
        }
    }
}
