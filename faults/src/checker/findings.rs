//! What a rule finds, and how much it looked at.

use serde::Serialize;
use uuid::Uuid;

/// The service did not keep this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Violation {
    pub event: Option<Uuid>,
    pub engine: Option<Uuid>,
    pub text: String,
}

/// Collects what one rule finds.
#[derive(Debug, Default)]
pub struct Findings {
    pub looked_at: usize,
    pub violations: Vec<Violation>,
}

impl Findings {
    pub const fn look(&mut self) {
        self.looked_at += 1;
    }

    pub fn of_event(&mut self, event: Uuid, text: String) {
        self.violations.push(Violation { event: Some(event), engine: None, text });
    }

    pub fn of_engine(&mut self, event: Uuid, engine: Option<Uuid>, text: String) {
        self.violations.push(Violation { event: Some(event), engine, text });
    }

    pub fn of_service(&mut self, text: String) {
        self.violations.push(Violation { event: None, engine: None, text });
    }
}
