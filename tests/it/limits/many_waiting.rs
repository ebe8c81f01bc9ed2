//! Ten thousand engines whose polls and heartbeats want to wait, where fewer may.

use std::sync::Arc;
use std::time::Duration;

use eventlease::broker::heartbeat::{Heartbeat, HeartbeatAnswer};
use eventlease::broker::lease::{Poll, Polled};
use eventlease::domain::ids::EngineId;
use eventlease::domain::names::EngineType;
use eventlease::domain::orders::Command;
use eventlease::error::{Error, Result};
use futures_util::future::join_all;
use serde_json::json;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::{is, refusals};
use crate::support::Lab;

const ENGINES: usize = 10_000;
const PLACES: u32 = 4000;
/// Of each engine type: so many polls wait, and as many heartbeats.
const WAITING_OF_TYPE: usize = PLACES as usize / 4;
/// Longer than any test lasts: no wait ends because its time is over.
const WAIT: Duration = Duration::from_hours(1);
/// So many polls, and heartbeats, of each type are sent over HTTP when there is no place left; the others, as all that wait, are
/// handed to the broker, which takes longer waits.
const OVER_HTTP: usize = 20;

type PollCall = JoinHandle<Result<Polled>>;
type HeartbeatCall = JoinHandle<Result<HeartbeatAnswer>>;

/// Registers half of the engines in each of two types: one over HTTP, the others as its copies.
async fn register_many(lab: &Lab, engine_type: &str) -> Vec<Uuid> {
    lab.register(engine_type, json!({"heartbeat_timeout_seconds": 86_400})).await;
    let copies = format!(
        "insert into eventlease.engine_states
         select copy.* from (
            select e, gen_random_uuid() as engine_id from eventlease.engine_states e
            cross join generate_series(2, {})
            where e.engine_type = '{engine_type}'
         ) original
         cross join lateral jsonb_populate_record(e, jsonb_build_object('engine_id', original.engine_id)) copy",
        ENGINES / 2
    );
    lab.sql(&copies).await;
    sqlx::query_scalar("select engine_id from eventlease.engine_states where engine_type = $1")
        .bind(engine_type)
        .fetch_all(&lab.db)
        .await
        .expect("the engines")
}

/// The engines of a type: those whose polls wait, those whose heartbeats wait, and those for whom there is no place.
struct Fleet {
    engine_type: &'static str,
    engines: Vec<Uuid>,
}

impl Fleet {
    async fn register(lab: &Lab, engine_type: &'static str) -> Self {
        Self { engine_type, engines: register_many(lab, engine_type).await }
    }

    fn waiting_polls(&self, lab: &Lab) -> Vec<PollCall> {
        self.poll(lab, &self.engines[..WAITING_OF_TYPE])
    }

    fn waiting_heartbeats(&self, lab: &Lab) -> Vec<HeartbeatCall> {
        beat(lab, &self.engines[WAITING_OF_TYPE..2 * WAITING_OF_TYPE])
    }

    fn poll(&self, lab: &Lab, engines: &[Uuid]) -> Vec<PollCall> {
        let engine_type = EngineType::parse(self.engine_type).expect("a name");
        let poll = |engine_id: &Uuid| {
            let poll = Poll {
                engine_type: engine_type.clone(),
                engine_id: Some(EngineId(*engine_id)),
                incarnation: None,
                limit: Some(1),
                wait: WAIT,
                visibility_timeout_seconds: None,
                poll_id: None,
            };
            let broker = Arc::clone(lab.broker());
            tokio::spawn(async move { broker.lease(poll).await })
        };
        engines.iter().map(poll).collect()
    }

    /// The rest want to wait as well, half of them with polls; all are answered at once. Answers how many were refused over HTTP.
    async fn ask_beyond_the_bound(&self, lab: &Lab) -> usize {
        let rest = &self.engines[2 * WAITING_OF_TYPE..];
        let (polling, beating) = rest.split_at(rest.len() / 2);
        let (polls, polls_over_http) = polling.split_at(polling.len() - OVER_HTTP);
        let (beats, beats_over_http) = beating.split_at(beating.len() - OVER_HTTP);
        for refused in self.poll(lab, polls) {
            let refused = refused.await.expect("no panic");
            assert!(matches!(refused, Err(Error::TooManyWaiting { .. })), "{refused:?}");
        }
        for answer in beat(lab, beats) {
            let answer = answer.await.expect("no panic").expect("an answer");
            assert_eq!(answer.orders.command(), Command::Continue);
        }
        for engine_id in polls_over_http {
            let refused = lab.poll(self.engine_type, &engine_id.to_string(), "wait_seconds=30").await;
            assert!((1..=5).contains(&refused.problem(429, "overloaded").retry_after()));
        }
        // Together, since heartbeats are written together, and not often.
        let answers = beats_over_http
            .iter()
            .map(|engine_id| async move { lab.heartbeat(&engine_id.to_string(), json!({"wait_seconds": 60})).await });
        for answer in join_all(answers).await {
            assert_eq!(answer.expect(200).body["command"], "continue");
        }
        OVER_HTTP
    }
}

fn beat(lab: &Lab, engines: &[Uuid]) -> Vec<HeartbeatCall> {
    let beat = |engine_id: &Uuid| {
        let (broker, engine_id) = (Arc::clone(lab.broker()), EngineId(*engine_id));
        tokio::spawn(async move {
            let written = broker.heartbeat(engine_id, Heartbeat { wait: WAIT, ..Heartbeat::default() }).await?;
            broker.wait_for_news(written).await
        })
    };
    engines.iter().map(beat).collect()
}

/// Waits until so many polls and heartbeats wait.
async fn wait_until_parked(lab: &Lab, polls: u32, heartbeats: u32) {
    lab.wait_for_parked_polls(polls).await;
    lab.wait_for(&format!("{heartbeats} waiting heartbeats"), async || {
        let parked = lab.metric("eventlease_heartbeats_parked").await;
        ((parked - f64::from(heartbeats)).abs() < f64::EPSILON).then_some(())
    })
    .await;
}

/// Waits for a stretch of time, longer than sessions take to report their numbers, in which the database had fewer transactions
/// than a tenth of the waiting requests.
async fn wait_until_waiting_is_cheap(lab: &Lab) {
    let transactions = async || -> i64 {
        sqlx::query_scalar(
            "select xact_commit + xact_rollback from pg_stat_database where datname = current_database()",
        )
        .fetch_one(&lab.db)
        .await
        .expect("a number")
    };
    lab.wait_for("few transactions", async || {
        let before = transactions().await;
        tokio::time::sleep(Duration::from_secs(2)).await;
        (transactions().await - before < i64::from(PLACES) / 10).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_ten_thousand_engines_as_many_wait_as_may_and_cost_no_statements_until_there_is_something_to_tell() {
    let mut lab = Lab::start_with(&["--max-parked-requests", &PLACES.to_string()]).await;
    let (dialogue, speech) = (Fleet::register(&lab, "dialogue").await, Fleet::register(&lab, "speech").await);
    let (polls, told) = (dialogue.waiting_polls(&lab), dialogue.waiting_heartbeats(&lab));
    let (other_polls, others) = (speech.waiting_polls(&lab), speech.waiting_heartbeats(&lab));
    wait_until_parked(&lab, PLACES / 2, PLACES / 2).await;

    let refused = dialogue.ask_beyond_the_bound(&lab).await + speech.ask_beyond_the_bound(&lab).await;
    is(refusals(&lab, "parked_requests").await, f64::from(u32::try_from(refused).expect("small")));
    wait_until_parked(&lab, PLACES / 2, PLACES / 2).await;
    wait_until_waiting_is_cheap(&lab).await;

    // A command for one type ends the waits of its engines, and of no others.
    lab.post("/api/v1/engines/drain", &json!({"filter": {"engine_type": "dialogue"}, "then": "stay"}))
        .await
        .expect(200);
    for heartbeat in told {
        let answer = heartbeat.await.expect("no panic").expect("an answer");
        assert_eq!(answer.orders.command(), Command::Drain);
    }
    for poll in polls {
        poll.await.expect("no panic").expect("an answer");
    }
    wait_until_parked(&lab, PLACES / 4, PLACES / 4).await;
    assert!(!others.iter().any(JoinHandle::is_finished) && !other_polls.iter().any(JoinHandle::is_finished));
    // What they waited in is free again.
    let again = dialogue.waiting_heartbeats(&lab);
    wait_until_parked(&lab, PLACES / 4, PLACES / 2).await;

    lab.stop().await;
    for heartbeat in others.into_iter().chain(again) {
        heartbeat.await.expect("no panic").expect("an answer");
    }
    for poll in other_polls {
        assert!(poll.await.expect("no panic").expect("an answer").events.is_empty());
    }
}
