//! The counters that requests have beside those of queues: all are there when the server starts, so that the first refusal is
//! an increase.

use super::access::Reason;
use super::browsers::REFUSAL_CODES;
use super::errors::{Code, Limit};
use super::replies::Kind;
use crate::metrics::Metrics;

/// Makes their series, with the value 0.
pub fn start(metrics: &Metrics) {
    for limit in Limit::ALL {
        metrics.limits_met.with_label_values(&[limit.as_str()]);
    }
    for code in Code::ALL {
        metrics.settlements_refused.with_label_values(&[code.as_str()]);
    }
    for reason in Reason::ALL {
        metrics.authentication_failures.with_label_values(&[reason.as_str()]);
    }
    for code in REFUSAL_CODES {
        metrics.browser_refusals.with_label_values(&[code.as_str()]);
    }
    for kind in Kind::ALL {
        metrics.reply_bytes.with_label_values(&[kind.as_str()]);
    }
}
