//! Requests that come in at the same time share a commit; each is answered as if it had come alone.

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Lab, Reply, unknown_id};

/// Every request a commit of its own.
const PLAIN: [&str; 2] = ["--max-batch-rows", "1"];

/// Sends all at once, while a lock keeps the first ones from going on, so that the others wait together.
async fn send_together<T>(
    lab: &Lab,
    table: &str,
    requests: impl IntoIterator<Item = impl Future<Output = T>>,
) -> Vec<T> {
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query(sqlx::AssertSqlSafe(format!("lock table eventlease.{table} in share row exclusive mode")))
        .execute(&mut *holder)
        .await
        .expect("the lock");
    let release = async {
        lab.wait_for_a_blocked_server().await;
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        holder.rollback().await.expect("the lock goes");
    };
    tokio::join!(join_all(requests), release).0
}

/// What must be the same whether a request was alone or not.
fn essence(reply: &Reply) -> Value {
    let body = &reply.body;
    json!([
        reply.status,
        body["code"],
        body["status"],
        body["outcome"],
        body["attempt"],
        body["settled_as"],
        body["lease_ended_by"],
        body["event_status"],
        body["duplicate"],
        body["expires_in_seconds"].is_number(),
        body["available_at"].is_string()
    ])
}

/// A report that may be sensible or not, of a random kind.
fn random_report(random: &mut StdRng, leased: &Value) -> (String, Value) {
    let mut event_id = leased["event_id"].as_str().expect("an id").to_owned();
    let mut body = match random.random_range(0..8) {
        0..3 => json!({"status": "completed", "result": {"n": 1}}),
        3 => json!({"status": "failed", "error": "no", "delay_seconds": 30}),
        4 => json!({"status": "failed", "error": {"type": "Hopeless", "message": "no"}, "retryable": false}),
        5 => json!({"status": "queued", "delay_seconds": 30}),
        6 => json!({"status": "processing", "progress": {"part": 1}}),
        _ => json!({"status": "nonsense"}),
    };
    match random.random_range(0..10) {
        0 => body["lease_token"] = json!("0".repeat(32)),
        1 => event_id = unknown_id(),
        2 => {}
        _ => body["lease_token"] = leased["lease"]["lease_token"].clone(),
    }
    (event_id, body)
}

/// The same events, leases and reports on either server; what each report came to.
async fn settle_at_random(flags: &[&str], seed: u64) -> Vec<Value> {
    const EVENTS: usize = 60;
    let mut random = StdRng::seed_from_u64(seed);
    let lab = Lab::start_with(flags).await;
    let engine = lab.register("dialogue", json!({})).await;
    for n in 0..EVENTS {
        lab.enqueue("dialogue", json!({"payload": {"n": n}})).await;
    }
    let leased = lab.poll("dialogue", &engine, "limit=60").await.expect(200).body["events"].clone();
    let leased = leased.as_array().expect("events");
    assert_eq!(leased.len(), EVENTS);
    // Some leases are over before anybody reports on them, and some were settled before.
    for event in leased.sample(&mut random, 6).cloned().collect::<Vec<_>>() {
        lab.lose(event["event_id"].as_str().expect("an id")).await;
    }
    for event in leased.iter().take(6) {
        lab.settle(event, "completed", json!({})).await;
    }
    let reports: Vec<_> = leased.iter().map(|leased| random_report(&mut random, leased)).collect();
    let requests = reports.iter().map(|(event_id, body)| {
        let request = lab.request("PUT", &format!("/api/v1/events/{event_id}/status"));
        Reply::of(request.header("x-engine-id", &engine).json(body))
    });
    send_together(&lab, "event_queue", requests).await.iter().map(essence).collect()
}

#[tokio::test]
async fn reports_are_answered_alike_together_and_alone() {
    let seed = std::env::var("EVENTLEASE_COALESCING_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(rand::random);
    let together = settle_at_random(&[], seed).await;
    let alone = settle_at_random(&PLAIN, seed).await;
    assert_eq!(together, alone, "EVENTLEASE_COALESCING_SEED={seed}");
    assert!(together.iter().any(|essence| essence[0] == 200) && together.iter().any(|essence| essence[0] == 409));
}

/// The same events on either server; what became of each.
async fn enqueue_at_random(flags: &[&str], seed: u64) -> Vec<Value> {
    let mut random = StdRng::seed_from_u64(seed);
    let lab = Lab::start_with(flags).await;
    let bodies: Vec<Value> = (0..60)
        .map(|n| {
            let mut body =
                json!({"engine_type": format!("queue-{}", n % 3), "event_type": "test.happened", "payload": {"n": n}});
            match random.random_range(0..8) {
                0 => body["available_at"] = json!("2999-01-01T00:00:00Z"),
                1 => body["priority"] = json!(17),
                2 => body["idempotency_key"] = json!(format!("own-{n}")),
                3 => body["delay_seconds"] = json!(30),
                _ => {}
            }
            body
        })
        .collect();
    let requests = bodies.iter().map(|body| lab.post("/api/v1/events", body));
    send_together(&lab, "event_queue", requests).await.iter().map(essence).collect()
}

#[tokio::test]
async fn events_are_taken_in_alike_together_and_alone() {
    let seed = rand::random();
    assert_eq!(enqueue_at_random(&[], seed).await, enqueue_at_random(&PLAIN, seed).await, "seed {seed}");
}

/// What the database itself refuses is not seen before; it must not take its neighbours along.
#[tokio::test]
async fn one_event_that_the_database_refuses_keeps_no_other_out() {
    for flags in [&[][..], &PLAIN[..]] {
        let lab = Lab::start_with(flags).await;
        lab.sql(
            "create function refuse_poison() returns trigger language plpgsql as $$
             begin
                 if new.payload::text like '%poison%' then raise exception 'poison'; end if;
                 return new;
             end $$",
        )
        .await;
        lab.sql(
            "create trigger refuse before insert on eventlease.events for each row execute function refuse_poison()",
        )
        .await;
        let bodies: Vec<Value> = (0..20)
            .map(|n| {
                let payload = if n == 11 { "poison" } else { "food" };
                json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": payload})
            })
            .collect();
        let requests = bodies.iter().map(|body| lab.post("/api/v1/events", body));
        let replies = send_together(&lab, "event_queue", requests).await;
        for (n, reply) in replies.iter().enumerate() {
            assert_eq!(reply.status, if n == 11 { 500 } else { 201 }, "{n}: {reply:?}");
        }
        let taken: i64 = sqlx::query_scalar("select count(*) from eventlease.event_queue")
            .fetch_one(&lab.db)
            .await
            .expect("a count");
        assert_eq!(taken, 19);
    }
}

/// A row that somebody holds holds up its own request alone.
#[tokio::test]
async fn one_locked_event_stalls_one_caller() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..10 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let leased = lab.poll("dialogue", &engine, "limit=10").await.expect(200).body["events"].clone();
    let leased = leased.as_array().expect("events");
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query("select from eventlease.event_queue where event_id = $1 for update")
        .bind(leased[4]["event_id"].as_str().expect("an id").parse::<Uuid>().expect("a UUID"))
        .execute(&mut *holder)
        .await
        .expect("the lock");
    let stalled = lab.settle(&leased[4], "completed", json!({}));
    let others = async {
        for kind in ["completed", "queued"] {
            let half = if kind == "completed" { &leased[..4] } else { &leased[5..] };
            for reply in join_all(half.iter().map(|leased| lab.settle(leased, kind, json!({})))).await {
                reply.expect(200);
            }
        }
        holder.rollback().await.expect("the lock goes");
    };
    tokio::join!(stalled, others).0.expect(200);
}

/// However many poll at once, and on two replicas: nothing is leased twice, and nobody gets more than its limit.
#[tokio::test]
async fn many_polls_of_many_queues_get_each_event_once() {
    let mut lab = Lab::start().await;
    let replica = lab.start_replica(&[]).await;
    let limits = json!({"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 4}}}});
    let mut engines = Vec::new();
    for n in 0..30 {
        let engine_type = format!("queue-{}", n % 6);
        engines.push((engine_type.clone(), lab.register(&engine_type, limits.clone()).await));
    }
    for n in 0..150 {
        lab.enqueue(&format!("queue-{}", n % 6), json!({"priority": n % 10})).await;
    }
    let polls = engines.iter().chain(&engines).enumerate().map(|(n, (engine_type, engine))| {
        let at = if n % 2 == 0 { lab.url.clone() } else { replica.clone() };
        let lab = &lab;
        async move { lab.poll_at(&at, engine_type, engine, "limit=3").await }
    });
    let mut seen = std::collections::HashSet::new();
    let mut held: std::collections::HashMap<String, usize> = std::collections::HashMap::new();
    for reply in join_all(polls).await {
        for event in reply.expect(200).body["events"].as_array().expect("events") {
            assert!(seen.insert(event["event_id"].clone()), "leased twice: {event}");
            *held.entry(event["lease"]["leased_by"].to_string()).or_default() += 1;
        }
    }
    assert!(held.values().all(|held| *held <= 4), "{held:?}");
    assert_eq!(seen.len(), 120, "thirty engines with four each");
}

/// What does not fit into the queue of requests is refused at once, and says when to come again.
#[tokio::test]
async fn beyond_what_may_wait_requests_are_refused() {
    let lab = Lab::start_with(&["--max-waiting-rows", "5", "--max-batch-rows", "2"]).await;
    let body = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
    let requests = (0..20).map(|_| lab.post("/api/v1/events", &body));
    let replies = send_together(&lab, "event_queue", requests).await;
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert!(!refused.is_empty() && replies.iter().any(|reply| reply.status == 201));
    assert!(replies.iter().all(|reply| [201, 429].contains(&reply.status)));
    assert_eq!((refused[0].text("code").as_str(), refused[0].header("retry-after").as_str()), ("overloaded", "1"));
}

/// More polls than one look is for, of several queues: each reply has the events that the database says its engine holds.
#[tokio::test]
async fn a_burst_reaches_the_engines_that_it_was_leased_to() {
    let lab = Lab::start_with(&["--max-batch-rows", "32"]).await;
    let mut engines = Vec::new();
    for n in 0..45 {
        let engine_type = format!("queue-{}", n % 3);
        engines.push((engine_type.clone(), lab.register(&engine_type, json!({})).await));
    }
    let waiting = async {
        join_all(engines.iter().map(|(engine_type, engine)| lab.poll(engine_type, engine, "limit=3&wait_seconds=20")))
            .await
    };
    let sending = async {
        lab.wait_for_parked_polls(45).await;
        let events: Vec<Value> = (0..150)
            .map(|n| json!({"engine_type": format!("queue-{}", n % 3), "event_type": "test.happened", "payload": {}}))
            .collect();
        lab.post("/api/v1/events/batch", &json!({"events": events})).await.expect(201);
    };
    let (replies, ()) = tokio::join!(waiting, sending);
    let mut seen = std::collections::HashSet::new();
    for (reply, (engine_type, engine)) in replies.into_iter().zip(&engines) {
        for event in reply.expect(200).body["events"].as_array().expect("events") {
            assert!(seen.insert(event["event_id"].clone()), "leased twice: {event}");
            assert_eq!((&event["engine_type"], &event["lease"]["leased_by"]), (&json!(engine_type), &json!(engine)));
        }
    }
    let leased: i64 = sqlx::query_scalar("select count(*) from eventlease.event_queue where state = 'processing'")
        .fetch_one(&lab.db)
        .await
        .expect("a count");
    assert_eq!(usize::try_from(leased).expect("small"), seen.len(), "what is leased reached somebody");
    assert_eq!(seen.len(), 135);
}

/// A poll that is just being looked for when the service stops is answered, not parked again.
#[tokio::test]
async fn a_poll_in_the_middle_of_a_look_does_not_hold_up_the_end() {
    let mut lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query("select from eventlease.engine_states where engine_id = $1::uuid for update")
        .bind(&engine)
        .execute(&mut *holder)
        .await
        .expect("a lock");
    let request = lab.request("GET", "/api/v1/events/queue/dialogue?wait_seconds=30").header("x-engine-id", &engine);
    let poll = tokio::spawn(Reply::of(request));
    lab.wait_for_a_blocked_server().await;
    let release = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        holder.rollback().await.expect("the lock goes");
    };
    let began = std::time::Instant::now();
    tokio::join!(lab.stop(), release);
    assert!(began.elapsed().as_secs() < 20, "the poll waited out its time");
    assert_eq!(poll.await.expect("an answer").expect(200).body["notice"]["code"], "server_stopping");
}

/// An engine's row that somebody holds stalls its own poll, not those of others that came with it.
#[tokio::test]
async fn one_locked_engine_stalls_one_poll() {
    let lab = Lab::start().await;
    let (stalled, other) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query("select from eventlease.engine_states where engine_id = $1::uuid for update")
        .bind(&stalled)
        .execute(&mut *holder)
        .await
        .expect("a lock");
    for _ in 0..12 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let others = async {
        for _ in 0..3 {
            assert_eq!(
                lab.poll("dialogue", &other, "limit=3").await.expect(200).body["events"].as_array().map(Vec::len),
                Some(3)
            );
        }
        holder.rollback().await.expect("the lock goes");
    };
    let (reply, ()) = tokio::join!(lab.poll("dialogue", &stalled, "limit=3"), others);
    assert_eq!(reply.expect(200).body["events"].as_array().map(Vec::len), Some(3));
}
