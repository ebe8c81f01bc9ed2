//! What one turn brought.

use std::fmt;

use crate::cost::Usage;

/// The figures of one mode, or of raw SQL, in one round.
#[derive(Debug)]
pub struct Outcome {
    /// By metric: a mode's name is that of its rate.
    pub figures: Vec<(&'static str, f64)>,
    pub usage: Usage,
    /// The most memory of the servers.
    pub peak_mib: Option<f64>,
    /// What else is worth a word.
    pub remark: String,
}

impl Outcome {
    pub fn new(figures: Vec<(&'static str, f64)>, usage: Usage, remark: String) -> Self {
        Self { figures, usage, remark, peak_mib: None }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.figures.first() {
            Some((_, rate)) if *rate >= 100.0 => write!(f, "{rate:8.0}/s")?,
            Some((_, value)) => write!(f, "{value:10.2}")?,
            None => {}
        }
        write!(f, "  {}", self.usage.shares())?;
        if let Some(mib) = self.peak_mib {
            write!(f, ", server's memory {mib:.0} MiB")?;
        }
        write!(f, "  {}", self.remark)
    }
}
