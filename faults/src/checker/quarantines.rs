//! Engines in quarantine are given nothing.

use super::findings::Findings;
use super::index::{Index, seconds};
use super::leases::CLOCKS_APART;
use crate::history::{At, SECOND, Terms};

/// A claim that waits for another engine's lock when the quarantine is made may yet give something: within one recheck.
const LAST_CLAIMS: At = SECOND;

/// From the reply to a quarantine and one recheck on, no lease begins until it is lifted.
pub fn respected(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for quarantine in &index.quarantines {
        findings.look();
        for (event, heard) in &index.leases {
            for lease in heard.iter().filter(|lease| lease.engine == quarantine.engine) {
                let leased_at = lease.lease.leased_at;
                if leased_at > quarantine.from + LAST_CLAIMS + CLOCKS_APART && leased_at < quarantine.to - CLOCKS_APART
                {
                    let after = seconds(leased_at - quarantine.from);
                    let text = format!("leased {after} after its engine's version was quarantined");
                    findings.of_engine(*event, Some(quarantine.engine), text);
                }
            }
        }
    }
}
