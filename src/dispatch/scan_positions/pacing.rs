//! How often to sweep, and how much to remember.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::{Duration, Instant};

/// The pause after a sweep: `times` as long as the sweep took, within bounds.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often the duration of the sweep fits into the pause.
    pub times: u32,
    /// The shortest pause.
    pub at_least: Duration,
    /// The longest pause.
    pub at_most: Duration,
}

impl Pace {
    /// When the next sweep is due after one that has just ended.
    pub fn next(self, began_at: Instant, now: Instant) -> Instant {
        now + (now.saturating_duration_since(began_at) * self.times).clamp(self.at_least, self.at_most)
    }
}

/// Makes room for a key among at most `max`: where there is none, only the values worth it are kept. False if there is
/// still no room.
pub fn make_room<K: Eq + Hash, V>(map: &mut HashMap<K, V>, key: &K, max: usize, is_worth: impl Fn(&V) -> bool) -> bool {
    if map.len() >= max && !map.contains_key(key) {
        map.retain(|_, value| is_worth(value));
    }
    map.len() < max || map.contains_key(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_sweep_is_followed_by_a_long_pause_within_bounds() {
        let pace = Pace { times: 20, at_least: Duration::from_secs(2), at_most: Duration::from_mins(1) };
        let now = Instant::now();
        let pause_after = |took: Duration| pace.next(now, now + took).duration_since(now + took);
        assert_eq!(pause_after(Duration::from_millis(1)), Duration::from_secs(2));
        assert_eq!(pause_after(Duration::from_millis(500)), Duration::from_secs(10));
        assert_eq!(pause_after(Duration::from_mins(1)), Duration::from_mins(1));
    }

    #[test]
    fn room_is_made_by_forgetting_what_is_not_worth_it() {
        let mut map = HashMap::from([(1, true), (2, false)]);
        assert!(make_room(&mut map, &1, 2, |worth| *worth), "it is there already");
        assert_eq!(map.len(), 2);
        assert!(make_room(&mut map, &3, 2, |worth| *worth));
        assert_eq!(map.into_iter().collect::<Vec<_>>(), [(1, true)]);
    }
}
