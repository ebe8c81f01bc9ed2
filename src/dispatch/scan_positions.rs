//! Where scans of an index begin.
//!
//! A row that was leased, settled or has expired leaves a dead index entry, which stays for as long as any session holds
//! an old snapshot. A scan from the front reads all of them again, each time. So each scan begins at a position that moves:
//! behind it there is nothing left to find, as far as this replica knows. What another replica, a slow transaction or SQL
//! puts behind the position is found by a sweep, a scan from the front, as often as that takes a small share of the time.
//!
//! Positions are kept in memory, within bounds: who forgets one begins at the front. The time is a parameter.

mod due; // due events of each queue
mod held; // leases of each engine
mod expiring; // expired leases of all engines
mod pacing; // what they share

pub use due::{DuePositions, Found, Located, UnderWay};
pub use expiring::ExpiringPosition;
pub use held::HeldPositions;

/// The positions of all three scans.
#[derive(Debug, Default)]
pub struct ScanPositions {
    /// Of due events, by queue.
    pub due: DuePositions,
    /// Of the leases that engines hold.
    pub held: HeldPositions,
    /// Of leases that expire.
    pub expiring: ExpiringPosition,
}
