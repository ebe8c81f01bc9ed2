//! The metrics, and the table of results.

use eventlease_bench::report::{Line, Target, line};
use eventlease_bench::window::Measured;

/// The metrics of a queue that is kept busy for a while.
#[derive(Clone, Copy, Debug)]
pub struct Busy {
    pub rate: &'static str,
    pub first_quarter: &'static str,
    pub last_quarter: &'static str,
    /// While another session holds the snapshot it began with.
    pub is_held: bool,
}

macro_rules! busy {
    ($name:literal, $is_held:literal) => {
        Busy {
            rate: $name,
            first_quarter: concat!($name, ", first quarter"),
            last_quarter: concat!($name, ", last quarter"),
            is_held: $is_held,
        }
    };
}

pub const TABLE_BUSY: Busy = busy!("table, busy", false);
pub const TABLE_HELD: Busy = busy!("table, old snapshot", true);
pub const PGMQ_BUSY: Busy = busy!("pgmq, busy", false);
pub const PGMQ_HELD: Busy = busy!("pgmq, old snapshot", true);
pub const SERVICE_BUSY: Busy = busy!("EventLease, busy", false);
pub const SERVICE_HELD: Busy = busy!("EventLease, old snapshot", true);

pub const LINES: &[Line] = &[
    line("drain-3", "/s", None, Target::None),
    line("table, 1", "/s", Some("drain-3"), Target::None),
    line("pgmq, 1", "/s", Some("drain-3"), Target::None),
    line("drain-100", "/s", None, Target::None),
    line("table, 100", "/s", Some("drain-100"), Target::None),
    line("pgmq, 100", "/s", Some("drain-100"), Target::None),
    line("graphile_worker", "/s", Some("drain-100"), Target::None),
    line("graphile_worker, wide", "/s", Some("drain-100"), Target::None),
    line(SERVICE_BUSY.rate, "/s", None, Target::None),
    line(SERVICE_BUSY.first_quarter, "/s", None, Target::None),
    line(SERVICE_BUSY.last_quarter, "/s", Some(SERVICE_BUSY.first_quarter), Target::None),
    line(SERVICE_HELD.rate, "/s", Some(SERVICE_BUSY.rate), Target::None),
    line(SERVICE_HELD.first_quarter, "/s", None, Target::None),
    line(SERVICE_HELD.last_quarter, "/s", Some(SERVICE_HELD.first_quarter), Target::None),
    line(TABLE_BUSY.rate, "/s", None, Target::None),
    line(TABLE_BUSY.first_quarter, "/s", None, Target::None),
    line(TABLE_BUSY.last_quarter, "/s", Some(TABLE_BUSY.first_quarter), Target::None),
    line(TABLE_HELD.rate, "/s", Some(TABLE_BUSY.rate), Target::None),
    line(TABLE_HELD.first_quarter, "/s", None, Target::None),
    line(TABLE_HELD.last_quarter, "/s", Some(TABLE_HELD.first_quarter), Target::None),
    line(PGMQ_BUSY.rate, "/s", None, Target::None),
    line(PGMQ_BUSY.first_quarter, "/s", None, Target::None),
    line(PGMQ_BUSY.last_quarter, "/s", Some(PGMQ_BUSY.first_quarter), Target::None),
    line(PGMQ_HELD.rate, "/s", Some(PGMQ_BUSY.rate), Target::None),
    line(PGMQ_HELD.first_quarter, "/s", None, Target::None),
    line(PGMQ_HELD.last_quarter, "/s", Some(PGMQ_HELD.first_quarter), Target::None),
    line("others", "cores", None, Target::None),
];

impl Busy {
    pub fn figures(&self, measured: &Measured) -> Vec<(&'static str, f64)> {
        vec![
            (self.rate, measured.rate),
            (self.first_quarter, measured.first_quarter),
            (self.last_quarter, measured.last_quarter),
        ]
    }
}
