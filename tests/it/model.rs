//! Random verbs of concurrent engines on two replicas, against a small model of what each reply permits: nothing is
//! lost, an event has one live lease at most, attempts are never numbered twice, both budgets add up, and every
//! event ends. `EVENTLEASE_MODEL_SEED` replays the random choices of a failure.

mod audit;
mod ledger;
mod verbs;

use std::sync::{Arc, Mutex};
use std::time::Instant;

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::Lab;
use ledger::Ledger;
use verbs::RandomEngine;

const ENGINES: u64 = 6;
const VERBS_OF_EACH: u32 = 500;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_concurrent_engines_do_stays_within_what_the_replies_permit() {
    let seed = std::env::var("EVENTLEASE_MODEL_SEED")
        .map_or_else(|_| rand::random(), |seed| seed.parse::<u64>().expect("a whole number"));
    // Shown where the test fails.
    println!("replay with EVENTLEASE_MODEL_SEED={seed}");
    let mut lab = Lab::start().await;
    let replicas = [lab.url.clone(), lab.start_replica(&[]).await];
    let lab = Arc::new(lab);
    let ledger = Arc::new(Mutex::new(Ledger::default()));

    let started = Instant::now();
    let mut engines = JoinSet::new();
    for number in 0..ENGINES {
        engines.spawn(RandomEngine::new(&lab, &ledger, &replicas, seed, number).run(VERBS_OF_EACH));
    }
    while let Some(ended) = engines.join_next().await {
        if let Err(failed) = ended {
            // The others stop too, so that their ledger is not meant by the message.
            engines.shutdown().await;
            std::panic::resume_unwind(failed.into_panic());
        }
    }
    let mut ledger = Arc::into_inner(ledger).expect("all engines have ended").into_inner().expect("none has failed");
    println!("{:?} in {:?}", ledger.counts, started.elapsed());

    audit::budgets_of_open_events_add_up(&lab).await;
    drain(&lab, &mut ledger).await;
    audit::every_event_has_ended(&lab, &ledger).await;
    audit::attempts_are_what_the_replies_said(&lab, &ledger).await;
    println!("{} events, {} leases, {:?}", ledger.events.len(), ledger.leases.len(), started.elapsed());
}

/// Has everything that is open ended by new engines.
async fn drain(lab: &Lab, ledger: &mut Ledger) {
    // Whoever holds something still, leaves in order.
    let held = ledger.tokens.clone();
    ledger.doubt(&held);
    for engine in lab.get("/api/v1/engines?limit=200").await.expect(200).body["items"].as_array().expect("a list") {
        let engine_id = engine["engine_id"].as_str().expect("an id");
        lab.delete(&format!("/api/v1/engines/{engine_id}?engine_id={engine_id}")).await.expect(204);
    }
    for engine_type in ["dialogue", "physics"] {
        let engine = lab.register(engine_type, json!({})).await;
        loop {
            lab.sql("update eventlease.event_queue set available_at = statement_timestamp()").await;
            let open =
                lab.sql(&format!("select from eventlease.open_events where engine_type = '{engine_type}'")).await;
            if open == 0 {
                break;
            }
            // A deadline of its own would be a guess: an event that is due is found within seconds.
            let reply = lab.poll(engine_type, &engine, "limit=100&wait_seconds=10").await.expect(200);
            let events = reply.body["events"].as_array().expect("events");
            assert!(!events.is_empty(), "{open} events of {engine_type} are due and are not given: {reply:?}");
            ledger.leased(&engine, usize::MAX, events);
            for leased in events {
                let token = leased["lease"]["lease_token"].as_str().expect("a token");
                let sent = ledger.sending(token, "completed", Some(&engine));
                let reply = lab.settle(leased, "completed", json!({})).await;
                ledger.answered(&sent, reply.status, &reply.body);
                assert_eq!(reply.status, 200, "{reply:?}");
            }
        }
    }
}
