//! What keeps the log short: a trouble that lasts is logged when it begins and when it ends, and lines of one kind are bounded
//! in number.

mod line_budget;
mod outage;

pub use line_budget::LineBudget;
pub use outage::Outage;

/// A number and its noun: `1 lease`, `3 leases`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}
