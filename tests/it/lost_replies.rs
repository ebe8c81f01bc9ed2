//! Replies that never reach their caller: `poll_id` repeats them, and a caller that has hung up takes no event.

use std::sync::Arc;

use eventlease::broker::lease::Poll;
use eventlease::domain::ids::EngineId;
use eventlease::domain::names::EngineType;
use serde_json::json;
use uuid::Uuid;

use crate::support::{Holder, Lab, PATIENCE};

#[tokio::test]
async fn a_repeated_poll_is_answered_with_the_same_leases_unchanged() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..5 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let query = format!("limit=2&poll_id={}", Uuid::new_v4());
    let first = lab.poll("dialogue", &engine, &query).await.expect(200).body["events"].clone();
    let again = lab.poll("dialogue", &engine, &query).await.expect(200).body["events"].clone();
    for index in 0..2 {
        assert_eq!(again[index]["event_id"], first[index]["event_id"]);
        for member in ["lease_token", "leased_at", "expires_at"] {
            assert_eq!(again[index]["lease"][member], first[index]["lease"][member]);
        }
    }
    let other = lab.poll("dialogue", &engine, &format!("limit=2&poll_id={}", Uuid::new_v4())).await.expect(200);
    assert!(!other.event_ids().iter().any(|event_id| first[0]["event_id"] == *event_id));

    lab.settle(&first[0], "completed", json!({})).await.expect(200);
    let rest = lab.poll("dialogue", &engine, &query).await.expect(200);
    assert_eq!(rest.event_ids(), [first[1]["event_id"].as_str().expect("an id")], "only what still holds");
    lab.settle(&first[1], "completed", json!({})).await.expect(200);
    let anew = lab.poll("dialogue", &engine, &query).await.expect(200);
    assert_eq!(anew.event_ids().len(), 1, "none left: a new request");
}

/// Polls, and hangs up in the middle of the look: while that waits for the engine, which somebody has locked.
async fn poll_and_hang_up(lab: &Lab, engine: &str, poll_id: Option<Uuid>) {
    let poll = Poll {
        engine_type: EngineType::parse("dialogue").expect("a name"),
        engine_id: Some(EngineId(engine.parse().expect("an id"))),
        incarnation: None,
        limit: Some(1),
        wait: PATIENCE,
        visibility_timeout_seconds: None,
        poll_id,
    };
    let lock = format!("select from eventlease.engine_states where engine_id = '{engine}' for update");
    let holder = Holder::of(&lab.db, &lock).await;
    let broker = Arc::clone(lab.broker());
    let caller = tokio::spawn(async move { broker.lease(poll).await });
    holder.wait_for_statements_behind(&lab.db, 1).await;
    caller.abort();
    assert!(caller.await.expect_err("aborted").is_cancelled());
    holder.release().await;
}

/// Waits until an attempt has been handed back.
async fn wait_for_hand_back(lab: &Lab, event_id: &str, attempt: usize) {
    lab.wait_for("the hand-back", async || (lab.attempts(event_id).await.len() == attempt).then_some(())).await;
}

/// Who hangs up before anything was looked for is not there any more when events come.
#[tokio::test]
async fn a_parked_poll_that_hung_up_takes_nothing() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let path = "/api/v1/events/queue/dialogue?wait_seconds=30";
    let parked = tokio::spawn(lab.request("GET", path).header("X-Engine-Id", &engine).send());
    lab.wait_for_parked_polls(1).await;
    parked.abort();
    lab.wait_for_parked_polls(0).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    assert_eq!(lab.lease_one("dialogue", &engine).await["event_id"], event_id);
    assert_eq!(lab.attempts(&event_id).await.len(), 0);
}

#[tokio::test]
async fn what_is_leased_for_a_caller_that_has_hung_up_goes_back_uncounted() {
    let lab = Lab::start().await;
    let (gone, other) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let event_id = lab.enqueue("dialogue", json!({})).await;
    poll_and_hang_up(&lab, &gone, None).await;
    wait_for_hand_back(&lab, &event_id, 1).await;
    let leased = lab.lease_one("dialogue", &other).await;
    assert_eq!((&leased["event_id"], &leased["losses_left"]), (&json!(event_id), &json!(3)));
    assert_eq!(lab.attempts(&event_id).await[0]["outcome"], "released");
}

#[tokio::test]
async fn callers_that_hang_up_again_and_again_do_not_slow_an_event_down() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let state = "select state = 'queued' and available_at <= statement_timestamp() and releases = 0 and attempt = $1
        from eventlease.open_events";
    for attempt in 1..=4 {
        poll_and_hang_up(&lab, &engine, None).await;
        wait_for_hand_back(&lab, &event_id, usize::try_from(attempt).expect("small")).await;
        let is_due: bool = sqlx::query_scalar(state).bind(attempt).fetch_one(&lab.db).await.expect("it is open");
        assert!(is_due, "after {attempt} callers");
    }
    assert_eq!(lab.lease_one("dialogue", &engine).await["event_id"], event_id);
}

#[tokio::test]
async fn a_repeat_that_hangs_up_does_not_take_the_leases_from_who_has_them() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let poll_id = Uuid::new_v4();
    let leased = lab.poll("dialogue", &engine, &format!("poll_id={poll_id}")).await.expect(200);
    poll_and_hang_up(&lab, &engine, Some(poll_id)).await;
    // The look for this one comes after the other's.
    lab.poll("dialogue", &engine, "").await.expect(200);
    lab.settle(&leased.body["events"][0], "completed", json!({})).await.expect(200);
}

/// A poll's caller hangs up, and what was leased for it is about to go back when the same poll is repeated: the repeat
/// must not be given leases that are gone a moment later.
#[tokio::test]
async fn a_repeat_is_not_given_what_is_just_being_handed_back() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let poll_id = Uuid::new_v4();
    // Handing back writes an attempt, which is held up here.
    let holder = Holder::of(&lab.db, "lock table eventlease.event_attempts in share mode").await;
    poll_and_hang_up(&lab, &engine, Some(poll_id)).await;
    holder.wait_for_statements_behind(&lab.db, 1).await;
    let path = format!("/api/v1/events/queue/dialogue?limit=1&wait_seconds=20&poll_id={poll_id}");
    let repeat = tokio::spawn(lab.request("GET", &path).header("X-Engine-Id", &engine).send());
    lab.wait_for("the repeat", async || {
        (repeat.is_finished() || holder.statements_behind(&lab.db).await >= 2).then_some(())
    })
    .await;
    holder.release().await;
    let reply = repeat.await.expect("no panic").expect("a reply").json::<serde_json::Value>().await.expect("JSON");
    wait_for_hand_back(&lab, &event_id, 1).await;
    lab.settle(&reply["events"][0], "completed", json!({})).await.expect(200);
    assert_eq!(lab.attempts(&event_id).await.len(), 2);
}

#[tokio::test]
async fn a_poll_id_with_other_terms_is_refused() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let poll_id = Uuid::new_v4();
    lab.poll("dialogue", &engine, &format!("limit=2&poll_id={poll_id}")).await.expect(200);
    lab.poll("dialogue", &engine, &format!("limit=3&poll_id={poll_id}")).await.problem(422, "poll_id_reused");
}

#[tokio::test]
async fn an_anonymous_poll_is_repeated_as_well() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let path = format!("/api/v1/events/queue/dialogue?poll_id={}", Uuid::new_v4());
    let first = lab.get(&path).await.expect(200);
    let again = lab.get(&path).await.expect(200);
    assert_eq!(first.body["events"][0]["lease"]["lease_token"], again.body["events"][0]["lease"]["lease_token"]);
    assert_eq!(first.body["events"][0]["lease"]["expires_at"], again.body["events"][0]["lease"]["expires_at"]);
}
