//! What keeps the log short: a trouble that lasts is logged when it begins and when it ends, and lines of one kind are bounded
//! in number.

mod line_budget;
mod outage;

pub use line_budget::LineBudget;
pub use outage::Outage;
