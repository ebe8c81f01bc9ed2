//! Who may end a lease. The token decides: not the engine's name, not the attempt's number.

use super::event::{Outcome, Status};
use super::ids::{EngineId, LeaseToken};

/// What a caller shows to settle or renew.
#[derive(Clone, Copy, Debug)]
pub struct Credentials {
    /// `None` only where tokens are optional.
    pub lease_token: Option<LeaseToken>,
    /// Where the caller says who it is.
    pub caller: Option<EngineId>,
    /// Renewing is no report: it cannot take a silent loss back.
    pub is_renewal: bool,
}

/// An open event's lease, read under its row lock.
#[derive(Clone, Copy, Debug)]
pub struct OpenLease {
    /// False while the event is queued.
    pub is_processing: bool,
    /// The current lease's token; of a queued event, the token of the lease that was lost last.
    pub lease_token: Option<LeaseToken>,
    /// `None` for an anonymous lease, and while the event is queued.
    pub holder: Option<EngineId>,
}

/// How a caller stands to an event's lease.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Standing {
    /// The caller holds the lease.
    Live,
    /// The lease was lost in silence, nobody has leased the event since, and this report takes the loss back.
    Late,
    /// The caller names another engine than the one that holds the lease.
    NotTheHolder,
    /// The lease is another's, or has ended: see [`late_report`].
    Past,
}

/// How the caller with these credentials stands to the lease.
#[must_use]
pub fn standing(shown: Credentials, open: Option<OpenLease>) -> Standing {
    let Some(open) = open else { return Standing::Past };
    match shown.lease_token {
        Some(token) if open.lease_token != Some(token) => Standing::Past,
        Some(_) if !open.is_processing && shown.is_renewal => Standing::Past,
        Some(_) if !open.is_processing => Standing::Late,
        Some(_) if is_contradiction(shown.caller, open.holder) => Standing::NotTheHolder,
        Some(_) => Standing::Live,
        // Without a token the current holder may speak, and anyone for an anonymous lease.
        None if open.is_processing && (open.holder.is_none() || open.holder == shown.caller) => Standing::Live,
        None => Standing::Past,
    }
}

fn is_contradiction(caller: Option<EngineId>, holder: Option<EngineId>) -> bool {
    matches!((caller, holder), (Some(caller), Some(holder)) if caller != holder)
}

/// What a report on a lease that has ended is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LateReport {
    /// The same report again: the first answer holds.
    Repeat,
    /// The lease was settled, with another report.
    AlreadySettled {
        /// The status that was reported then.
        as_status: Status,
    },
    /// The lease ended without a report of the engine.
    LeaseLost,
}

/// What a report means for an attempt that has ended.
#[must_use]
pub fn late_report(reported: Status, ended: Outcome) -> LateReport {
    match ended.reported_as() {
        Some(status) if status == reported => LateReport::Repeat,
        Some(status) => LateReport::AlreadySettled { as_status: status },
        None => LateReport::LeaseLost,
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const TOKEN: LeaseToken = LeaseToken::from_random_bits(1);
    const OTHER_TOKEN: LeaseToken = LeaseToken::from_random_bits(2);
    const HOLDER: EngineId = EngineId(Uuid::from_u128(1));
    const STRANGER: EngineId = EngineId(Uuid::from_u128(2));

    fn shown(lease_token: Option<LeaseToken>, caller: Option<EngineId>) -> Credentials {
        Credentials { lease_token, caller, is_renewal: false }
    }

    fn held_by(holder: Option<EngineId>) -> OpenLease {
        OpenLease { is_processing: true, lease_token: Some(TOKEN), holder }
    }

    #[test]
    fn the_current_token_is_live_whoever_stays_unnamed() {
        for caller in [None, Some(HOLDER)] {
            assert_eq!(standing(shown(Some(TOKEN), caller), Some(held_by(Some(HOLDER)))), Standing::Live);
        }
        assert_eq!(standing(shown(Some(TOKEN), Some(STRANGER)), Some(held_by(None))), Standing::Live);
    }

    #[test]
    fn another_engines_name_beside_the_token_is_refused() {
        assert_eq!(standing(shown(Some(TOKEN), Some(STRANGER)), Some(held_by(Some(HOLDER)))), Standing::NotTheHolder);
    }

    #[test]
    fn a_stale_token_is_past_even_for_the_holder() {
        assert_eq!(standing(shown(Some(OTHER_TOKEN), Some(HOLDER)), Some(held_by(Some(HOLDER)))), Standing::Past);
        assert_eq!(standing(shown(Some(TOKEN), Some(HOLDER)), None), Standing::Past);
    }

    #[test]
    fn without_a_token_only_the_holder_may_speak_but_anyone_for_an_anonymous_lease() {
        assert_eq!(standing(shown(None, Some(HOLDER)), Some(held_by(Some(HOLDER)))), Standing::Live);
        assert_eq!(standing(shown(None, Some(STRANGER)), Some(held_by(Some(HOLDER)))), Standing::Past);
        assert_eq!(standing(shown(None, None), Some(held_by(Some(HOLDER)))), Standing::Past);
        assert_eq!(standing(shown(None, None), Some(held_by(None))), Standing::Live);
    }

    #[test]
    fn a_lost_leases_token_reports_late_but_renews_nothing() {
        let lost = Some(OpenLease { is_processing: false, lease_token: Some(TOKEN), holder: None });
        assert_eq!(standing(shown(Some(TOKEN), None), lost), Standing::Late);
        assert_eq!(standing(Credentials { is_renewal: true, ..shown(Some(TOKEN), None) }, lost), Standing::Past);
        assert_eq!(standing(shown(None, Some(HOLDER)), lost), Standing::Past);
    }

    #[test]
    fn every_report_on_every_ended_attempt_has_its_answer() {
        for reported in [Status::Completed, Status::Failed, Status::Queued, Status::Processing] {
            for ended in Outcome::ALL {
                let expected = match (ended, reported) {
                    (Outcome::Completed, Status::Completed)
                    | (Outcome::Failed, Status::Failed)
                    | (Outcome::Released, Status::Queued) => LateReport::Repeat,
                    (Outcome::Completed, _) => LateReport::AlreadySettled { as_status: Status::Completed },
                    (Outcome::Failed, _) => LateReport::AlreadySettled { as_status: Status::Failed },
                    (Outcome::Released, _) => LateReport::AlreadySettled { as_status: Status::Queued },
                    _ => LateReport::LeaseLost,
                };
                assert_eq!(late_report(reported, ended), expected, "{reported:?} on {ended:?}");
            }
        }
    }
}
