//! FailedLogins to guess tokens, limited by address.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

use crate::domain::buckets::Buckets;
use crate::domain::requester::network;

const WINDOW: Duration = Duration::from_mins(1);
/// About a megabyte. While more addresses than that fail, new ones are not counted: what they cost is bounded all the same.
const MAX_ADDRESSES: usize = 10_000;

/// Counts the requests of each address that showed a token which does not exist.
#[derive(Debug)]
pub struct FailedLogins(Mutex<Buckets<IpAddr>>);

impl FailedLogins {
    /// Allows each address `most` failed logins in a minute.
    #[must_use]
    pub fn per_minute(most: u32) -> Self {
        Self(Mutex::new(Buckets::new(most, WINDOW, MAX_ADDRESSES)))
    }

    fn buckets(&self) -> MutexGuard<'_, Buckets<IpAddr>> {
        self.0.lock()
    }

    /// Counts an attempt whose caller hangs up before it is known whether the token exists: else whoever guesses would
    /// only have to.
    pub fn begin(&self, address: Option<IpAddr>) -> Unfinished<'_> {
        Unfinished { attempts: self, address }
    }

    /// How long that address has to wait before another attempt of it is looked at.
    pub fn must_wait(&self, address: IpAddr) -> Option<Duration> {
        self.buckets().must_wait(&network(address), Instant::now())
    }

    /// Counts a failed login.
    pub fn failed(&self, address: IpAddr) {
        let (mut buckets, address, now) = (self.buckets(), network(address), Instant::now());
        if buckets.has_room_for(&address, now) {
            buckets.fill(address, now);
        }
    }
}

/// An attempt of which nobody knows yet whether it fails.
#[derive(Debug)]
pub struct Unfinished<'a> {
    attempts: &'a FailedLogins,
    address: Option<IpAddr>,
}

impl Unfinished<'_> {
    /// It is known now.
    pub fn finish(mut self) {
        self.address = None;
    }
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        if let Some(address) = self.address {
            self.attempts.failed(address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one_and_their_number_is_bounded() {
        let attempts = FailedLogins::per_minute(1);
        attempts.failed("2001:db8::1".parse().expect("an address"));
        assert!(attempts.must_wait("2001:db8::ffff".parse().expect("an address")).is_some());
        assert!(attempts.must_wait("2001:db8:0:1::1".parse().expect("an address")).is_none());
        for number in 0..20_000_u32 {
            attempts.failed(IpAddr::from(number.to_be_bytes()));
        }
        let is_kept = |number: &u32| attempts.must_wait(IpAddr::from(number.to_be_bytes())).is_some();
        // The network of the first address is kept, too.
        assert_eq!((0..20_000).filter(is_kept).count() + 1, MAX_ADDRESSES);
    }

    #[test]
    fn hanging_up_counts() {
        let attempts = FailedLogins::per_minute(1);
        let address = "192.0.2.1".parse().expect("an address");
        attempts.begin(Some(address)).finish();
        assert_eq!(attempts.must_wait(address), None);
        drop(attempts.begin(Some(address)));
        assert!(attempts.must_wait(address).is_some());
    }
}
