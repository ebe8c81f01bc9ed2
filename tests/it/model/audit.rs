//! What must hold in the database when the engines have stopped.

use std::collections::HashMap;

use super::ledger::Ledger;
use crate::support::Lab;

#[derive(sqlx_macros::FromRow, Debug)]
struct EndedAttempt {
    event_id: String,
    attempt: i64,
    engine_id: Option<String>,
    outcome: String,
    answer: String,
    final_status: Option<String>,
}

async fn attempts(lab: &Lab) -> HashMap<String, Vec<EndedAttempt>> {
    let rows: Vec<EndedAttempt> = sqlx::query_as(
        "select event_id::text, attempt::bigint, engine_id::text, outcome, answer, final_status
         from eventlease.event_attempts order by event_id, attempt",
    )
    .fetch_all(&lab.db)
    .await
    .expect("attempts");
    let mut of_events: HashMap<String, Vec<EndedAttempt>> = HashMap::new();
    for row in rows {
        of_events.entry(row.event_id.clone()).or_default().push(row);
    }
    of_events
}

/// How much of both budgets these attempts spent. Whoever left in order gave its leases back, uncounted.
fn spent(attempts: &[EndedAttempt]) -> (i64, i64) {
    let (mut failures, mut lease_losses) = (0, 0);
    for attempt in attempts {
        match attempt.outcome.as_str() {
            "failed" => failures += 1,
            "expired" | "engine_unresponsive" | "engine_restarted" => lease_losses += 1,
            "deregistered" if attempt.answer != "released" => lease_losses += 1,
            "completed" | "released" | "deregistered" => {}
            other => panic!("nothing ends as {other} here: {attempt:?}"),
        }
    }
    (failures, lease_losses)
}

/// Budgets are counted from the last redrive on.
fn since_last_redrive(attempts: &[EndedAttempt]) -> &[EndedAttempt] {
    let ends = attempts.iter().rposition(|attempt| attempt.final_status.is_some());
    ends.map_or(attempts, |end| &attempts[end + 1..])
}

pub async fn budgets_of_open_events_add_up(lab: &Lab) {
    let attempts = attempts(lab).await;
    let open: Vec<(String, i64, i64)> =
        sqlx::query_as("select event_id::text, failures::bigint, lease_losses::bigint from eventlease.open_events")
            .fetch_all(&lab.db)
            .await
            .expect("open events");
    for (event_id, failures, lease_losses) in open {
        let attempts = attempts.get(&event_id).map_or(&[][..], Vec::as_slice);
        assert_eq!(spent(since_last_redrive(attempts)), (failures, lease_losses), "{event_id}: {attempts:?}");
    }
}

pub async fn every_event_has_ended(lab: &Lab, ledger: &Ledger) {
    let found: Vec<(String, String, Option<String>)> = sqlx::query_as(
        "select i.event_id::text, i.status, d.reason from eventlease.event_instances i
         left join eventlease.dead_letters d using (event_id)",
    )
    .fetch_all(&lab.db)
    .await
    .expect("events");
    assert_eq!(found.len(), ledger.events.len(), "events were lost, or came from nowhere");
    for (event_id, status, reason) in found {
        let event = &ledger.events[&event_id];
        match (status.as_str(), event.is_discarded) {
            ("completed", false) => assert_eq!(reason, None, "{event_id}"),
            ("failed", is_discarded) => assert_eq!(reason.is_none(), is_discarded, "{event_id}"),
            _ => panic!("{event_id} is {status}: {event:?}"),
        }
    }
}

pub async fn attempts_are_what_the_replies_said(lab: &Lab, ledger: &Ledger) {
    let attempts = attempts(lab).await;
    assert_eq!(attempts.values().map(Vec::len).sum::<usize>(), ledger.leases.len(), "one attempt a lease");
    for (token, lease) in &ledger.leases {
        let of_event = &attempts[&lease.event_id];
        let recorded = of_event.iter().find(|recorded| recorded.attempt == lease.attempt);
        let recorded = recorded.unwrap_or_else(|| panic!("no attempt {lease:?}"));
        assert_eq!(recorded.engine_id.as_ref(), Some(&lease.engine), "{token}");
        let reported = match recorded.outcome.as_str() {
            "completed" | "failed" => Some(recorded.outcome.as_str()),
            "released" => Some("queued"),
            _ => None,
        };
        assert_eq!(reported, lease.settled.as_ref().map(|(status, _)| status.as_str()), "{lease:?}: {recorded:?}");
        if let Some((_, answer)) = &lease.settled {
            assert_eq!(answer["outcome"], recorded.answer, "{lease:?}");
        } else {
            assert!(lease.is_doubtful, "nothing ended {lease:?}: {recorded:?}");
        }
    }
    for (event_id, attempts) in &attempts {
        let policy = ledger.events[event_id].policy.expect("its producer was told of it");
        assert!(attempts.iter().map(|attempt| attempt.attempt).eq(1..=attempts.len().try_into().expect("few")));
        // A life ends with the attempt that ended the event; a redrive begins the next.
        for life in attempts.split_inclusive(|attempt| attempt.final_status.is_some()) {
            let (failures, lease_losses) = spent(life);
            let last = life.last().expect("no life is empty");
            let is_dead_lettered = last.final_status.as_deref() == Some("failed");
            assert_eq!(is_dead_lettered, last.answer == "dead_lettered", "{life:?}");
            let within = failures <= policy.max_retries && lease_losses < policy.dead_letter_threshold;
            let is_refused = is_dead_lettered && last.outcome == "failed" && failures <= policy.max_retries;
            assert!(within != is_dead_lettered || is_refused, "{policy:?}: {life:?}");
            let (before_failures, before_losses) = spent(&life[..life.len() - 1]);
            assert!(before_failures <= policy.max_retries && before_losses < policy.dead_letter_threshold, "{life:?}");
        }
    }
    let letters: Vec<(String, String, i64, i64)> = sqlx::query_as(
        "select event_id::text, reason, failures::bigint, lease_losses::bigint from eventlease.dead_letters",
    )
    .fetch_all(&lab.db)
    .await
    .expect("dead letters");
    for (event_id, reason, failures, lease_losses) in letters {
        let policy = ledger.events[&event_id].policy.expect("its producer was told of it");
        let attempts = &attempts[&event_id];
        let life = since_last_redrive(&attempts[..attempts.len() - 1]).len();
        let life = &attempts[attempts.len() - 1 - life..];
        assert_eq!(spent(life), (failures, lease_losses), "{event_id}: {life:?}");
        match reason.as_str() {
            "retries_exhausted" => assert_eq!(failures, policy.max_retries + 1, "{event_id}"),
            "lease_losses_exhausted" => assert_eq!(lease_losses, policy.dead_letter_threshold, "{event_id}"),
            _ => assert_eq!(life.last().map(|last| last.outcome.as_str()), Some("failed"), "{event_id}"),
        }
    }
}
