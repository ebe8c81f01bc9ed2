//! Attempts to guess tokens, limited by address. A leaky bucket each: of it, only when it will be empty is kept.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};

const WINDOW: Duration = Duration::from_mins(1);
/// About a megabyte. While more addresses than that fail, new ones are not counted: what they cost is bounded all the same.
const MAX_ADDRESSES: usize = 10_000;

#[derive(Debug)]
pub struct Attempts {
    /// One attempt leaks away in this time.
    interval: Duration,
    empty_at: Mutex<HashMap<IpAddr, Instant>>,
}

/// One caller has a whole network of 64 bits in IPv6.
#[must_use]
pub fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

impl Attempts {
    #[must_use]
    pub fn per_minute(most: u32) -> Self {
        Self { interval: WINDOW / most.max(1), empty_at: Mutex::default() }
    }

    fn empty_at(&self) -> MutexGuard<'_, HashMap<IpAddr, Instant>> {
        self.empty_at.lock()
    }

    /// Counts an attempt whose caller hangs up before it is known whether the token exists: else whoever guesses would
    /// only have to.
    pub fn begin(&self, address: Option<IpAddr>) -> Unfinished<'_> {
        Unfinished { attempts: self, address }
    }

    /// How long that address has to wait before another attempt of it is looked at.
    pub fn must_wait(&self, address: IpAddr) -> Option<Duration> {
        self.must_wait_at(address, Instant::now())
    }

    fn must_wait_at(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let empty_at = *self.empty_at().get(&network(address))?;
        let filled = empty_at.saturating_duration_since(now) + self.interval;
        filled.checked_sub(WINDOW).filter(|wait| !wait.is_zero())
    }

    pub fn failed(&self, address: IpAddr) {
        self.failed_at(address, Instant::now());
    }

    fn failed_at(&self, address: IpAddr, now: Instant) {
        let mut addresses = self.empty_at();
        let address = network(address);
        if addresses.len() >= MAX_ADDRESSES && !addresses.contains_key(&address) {
            addresses.retain(|_, empty_at| *empty_at > now);
            if addresses.len() >= MAX_ADDRESSES {
                return;
            }
        }
        let empty_at = addresses.entry(address).or_insert(now);
        *empty_at = (*empty_at).max(now) + self.interval;
    }
}

/// An attempt of which nobody knows yet whether it fails.
#[derive(Debug)]
pub struct Unfinished<'a> {
    attempts: &'a Attempts,
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

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn so_many_attempts_pass_in_a_minute_and_then_one_each_interval() {
        let (attempts, now) = (Attempts::per_minute(3), Instant::now());
        let [guesser, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().expect("an address"));
        for _ in 0..3 {
            assert_eq!(attempts.must_wait_at(guesser, now), None);
            attempts.failed_at(guesser, now);
        }
        assert_eq!(attempts.must_wait_at(guesser, now), Some(seconds(20)));
        assert_eq!(attempts.must_wait_at(other, now), None);
        assert_eq!(attempts.must_wait_at(guesser, now + seconds(19)), Some(seconds(1)));
        assert_eq!(attempts.must_wait_at(guesser, now + seconds(20)), None);
        attempts.failed_at(guesser, now + seconds(20));
        assert_eq!(attempts.must_wait_at(guesser, now + seconds(20)), Some(seconds(20)));
        assert_eq!(attempts.must_wait_at(guesser, now + seconds(200)), None);
    }

    #[test]
    fn addresses_of_one_network_are_one_and_their_number_is_bounded() {
        let (attempts, now) = (Attempts::per_minute(1), Instant::now());
        attempts.failed_at("2001:db8::1".parse().expect("an address"), now);
        assert!(attempts.must_wait_at("2001:db8::ffff".parse().expect("an address"), now).is_some());
        assert!(attempts.must_wait_at("2001:db8:0:1::1".parse().expect("an address"), now).is_none());
        for number in 0..20_000_u32 {
            attempts.failed_at(IpAddr::from(number.to_be_bytes()), now);
        }
        assert_eq!(attempts.empty_at().len(), MAX_ADDRESSES);
        attempts.failed_at("192.0.2.1".parse().expect("an address"), now + seconds(61));
        assert_eq!(attempts.empty_at().len(), 1);
    }

    #[test]
    fn hanging_up_counts() {
        let attempts = Attempts::per_minute(1);
        let address = "192.0.2.1".parse().expect("an address");
        attempts.begin(Some(address)).finish();
        assert_eq!(attempts.must_wait(address), None);
        drop(attempts.begin(Some(address)));
        assert!(attempts.must_wait(address).is_some());
    }
}
