//! Who is connected: no more than there is room for, and from one address no more than its share. Where room is short,
//! connections that ask for nothing are ended for a new one, which may.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use parking_lot::{Mutex, MutexGuard};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::activity::{ConnectionActivity, EvictionOrder};
use crate::domain::requester::network;

/// Connections that were told to end and are still there; they are beyond the limit for that moment.
pub const MAX_LEAVING: usize = 64;
/// Ended at once, so that all connections need not be gone through for each new one.
const ENDED_AT_ONCE: usize = 16;
/// Where all are busy, the next search for one to be ended waits for this time.
const SEARCH_PAUSE: Duration = Duration::from_millis(20);

/// Which limit a connection met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bound {
    /// The limit on all connections.
    Connections,
    /// The limit on the connections of one address.
    OfAddress,
}

impl Bound {
    /// Both of them, for metrics.
    pub const ALL: [Self; 2] = [Self::Connections, Self::OfAddress];

    /// As metrics name it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::OfAddress => "connections_of_address",
        }
    }
}

/// The open connections of a server, and the limits on them.
#[derive(Debug)]
pub struct Room {
    max: usize,
    max_of_address: usize,
    /// Networks of proxies, where callers share an address: their connections are bounded only all together.
    shared: Vec<IpNet>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    last_number: u64,
    connections: HashMap<u64, Connection>,
    whole: Share,
    of_address: HashMap<IpAddr, Share>,
}

#[derive(Debug)]
struct Connection {
    address: IpAddr,
    activity: Arc<ConnectionActivity>,
    leave: CancellationToken,
}

/// The connections of one address, or all.
#[derive(Clone, Copy, Debug, Default)]
struct Share {
    count: usize,
    /// Of these, told to end.
    leaving: usize,
    /// When it was last found that none could be ended.
    all_busy_at: Option<Instant>,
}

impl Share {
    const fn staying(self) -> usize {
        self.count - self.leaving
    }
}

/// A connection's place, which is free again when this is dropped.
#[derive(Debug)]
pub struct Place {
    room: Arc<Room>,
    number: u64,
    /// What the connection is doing, written by its own task.
    pub activity: Arc<ConnectionActivity>,
    /// Cancelled when the place is needed for another.
    pub leave: CancellationToken,
}

impl Room {
    /// At most `max` connections, and `max_of_address` from one address, unless it is in `shared`: the networks of proxies.
    pub fn new(max: usize, max_of_address: usize, shared: Vec<IpNet>) -> Arc<Self> {
        Arc::new(Self { max, max_of_address, shared, state: Mutex::default() })
    }

    /// Finds a place for a new connection, if need be one that others give up.
    pub fn enter(self: &Arc<Self>, peer: IpAddr) -> Result<Place, Bound> {
        let peer = peer.to_canonical();
        let is_shared = self.shared.iter().any(|network| network.contains(&peer));
        let (address, now) = (network(peer), Instant::now());
        let mut state = self.state();
        let of_address = state.of_address.get(&address).copied().unwrap_or_default();
        if !is_shared && of_address.staying() >= self.max_of_address {
            if !state.make_room(Some(address), now) {
                return Err(Bound::OfAddress);
            }
        } else if state.whole.staying() >= self.max && !state.make_room(None, now) {
            return Err(Bound::Connections);
        }
        Ok(Place::new(self, &mut state, address))
    }

    /// Whether connections that were told to end are still there.
    pub fn has_leaving(&self) -> bool {
        self.state().whole.leaving > 0
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }
}

impl State {
    fn share(&mut self, address: Option<IpAddr>) -> &mut Share {
        match address {
            Some(address) => self.of_address.entry(address).or_default(),
            None => &mut self.whole,
        }
    }

    /// Ends some connections, of one address or of all, those first that have asked for nothing for the longest time. False
    /// where none can be ended.
    fn make_room(&mut self, address: Option<IpAddr>, now: Instant) -> bool {
        let most = ENDED_AT_ONCE.min(MAX_LEAVING.saturating_sub(self.whole.leaving));
        let share = *self.share(address);
        if most == 0 || share.all_busy_at.is_some_and(|at| now < at + SEARCH_PAUSE) {
            return false;
        }
        let mut found: Vec<((EvictionOrder, Instant), u64)> = self
            .connections
            .iter()
            .filter(|(_, known)| address.is_none_or(|address| known.address == address) && !known.leave.is_cancelled())
            .filter_map(|(number, known)| Some((known.activity.eviction_order(now)?, *number)))
            .collect();
        if found.is_empty() {
            self.share(address).all_busy_at = Some(now);
            return false;
        }
        // A few of a large number, and one of a small one.
        let wanted = (share.count / 100).clamp(1, most);
        found.sort_unstable();
        for (_, number) in found.into_iter().take(wanted) {
            let known = &self.connections[&number];
            known.leave.cancel();
            let address = known.address;
            self.whole.leaving += 1;
            self.share(Some(address)).leaving += 1;
        }
        true
    }
}

impl Place {
    fn new(room: &Arc<Room>, state: &mut State, address: IpAddr) -> Self {
        state.last_number += 1;
        let number = state.last_number;
        let (activity, leave) = (Arc::new(ConnectionActivity::new()), CancellationToken::new());
        let connection = Connection { address, activity: Arc::clone(&activity), leave: leave.clone() };
        state.connections.insert(number, connection);
        state.whole.count += 1;
        state.share(Some(address)).count += 1;
        Self { room: Arc::clone(room), number, activity, leave }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut state = self.room.state();
        let Some(Connection { address, leave, .. }) = state.connections.remove(&self.number) else { return };
        let leaving = usize::from(leave.is_cancelled());
        state.whole.count -= 1;
        state.whole.leaving -= leaving;
        let share = state.share(Some(address));
        share.count -= 1;
        share.leaving -= leaving;
        if share.count == 0 {
            state.of_address.remove(&address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::activity::Phase;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn enter(room: &Arc<Room>, address: &str, phase: Phase) -> Place {
        let place = room.enter(ip(address)).expect("a place");
        if phase != Phase::Silent {
            place.activity.set(phase);
        }
        place
    }

    fn assert_that_nobody_is_there(room: &Room) {
        let state = room.state();
        assert!(state.connections.is_empty() && state.of_address.is_empty());
        assert_eq!((state.whole.count, state.whole.leaving), (0, 0));
    }

    #[test]
    fn busy_connections_keep_their_places_and_what_leaves_gives_its_own_up() {
        let room = Room::new(3, 2, Vec::new());
        let first = enter(&room, "192.0.2.1", Phase::Busy);
        let second = enter(&room, "::ffff:192.0.2.1", Phase::Busy);
        assert_eq!(room.enter(ip("192.0.2.1")).err(), Some(Bound::OfAddress));
        let third = enter(&room, "2001:db8::1", Phase::Busy);
        assert_eq!(room.enter(ip("2001:db8::2")).err(), Some(Bound::Connections));
        drop(second);
        let fourth = enter(&room, "2001:db8::2", Phase::Busy);
        assert_eq!(room.enter(ip("2001:db8::3")).err(), Some(Bound::OfAddress), "one network of 64 bits is one caller");
        drop((first, third, fourth));
        assert_that_nobody_is_there(&room);
    }

    #[test]
    fn silent_connections_are_ended_the_oldest_first_and_of_a_full_address_its_own() {
        let room = Room::new(4, 2, Vec::new());
        let [oldest, other, busy, newest] = [
            enter(&room, "192.0.2.1", Phase::Silent),
            enter(&room, "192.0.2.2", Phase::Silent),
            enter(&room, "192.0.2.1", Phase::Busy),
            enter(&room, "192.0.2.2", Phase::Silent),
        ];
        let third = enter(&room, "192.0.2.3", Phase::Busy);
        let is_leaving = || [&oldest, &other, &busy, &newest].map(|place| place.leave.is_cancelled());
        assert_eq!(is_leaving(), [true, false, false, false]);
        let fourth = enter(&room, "192.0.2.2", Phase::Busy);
        assert_eq!(is_leaving(), [true, true, false, false]);
        let fifth = enter(&room, "192.0.2.3", Phase::Busy);
        assert_eq!(is_leaving(), [true, true, false, true]);
        assert_eq!(room.enter(ip("192.0.2.4")).err(), Some(Bound::Connections));
        drop((oldest, other, busy, newest, third, fourth, fifth));
        assert_that_nobody_is_there(&room);
    }

    #[test]
    fn those_told_to_leave_are_beyond_the_limit_only_up_to_a_number() {
        let room = Room::new(1, 1, Vec::new());
        let places: Vec<Place> = (0..=MAX_LEAVING).map(|_| enter(&room, "192.0.2.1", Phase::Silent)).collect();
        assert_eq!(room.enter(ip("192.0.2.1")).err(), Some(Bound::OfAddress));
        drop(places);
        enter(&room, "192.0.2.1", Phase::Silent);
    }

    #[test]
    fn a_proxys_callers_share_its_address_and_are_bounded_only_with_all_others() {
        let room = Room::new(3, 1, vec!["192.0.2.0/24".parse().expect("a network")]);
        let places: Vec<Place> = (0..3).map(|_| enter(&room, "::ffff:192.0.2.1", Phase::Busy)).collect();
        assert_eq!(room.enter(ip("192.0.2.1")).err(), Some(Bound::Connections));
        drop(places);
    }
}
