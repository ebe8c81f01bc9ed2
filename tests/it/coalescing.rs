//! Requests that come in at the same time share a commit; each is answered as if it had come alone.

use std::time::Duration;

use futures_util::future::join_all;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Lab, Reply, unknown_id};

/// Whether requests that wait share a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Coalescing {
    On,
    /// Every request has a commit of its own.
    Off,
}

impl Coalescing {
    const BOTH: [Self; 2] = [Self::On, Self::Off];

    async fn start(self) -> Lab {
        match self {
            Self::On => Lab::start().await,
            Self::Off => Lab::start_with(&["--max-batch-rows", "1"]).await,
        }
    }
}

/// The batches of one kind of requests, and the requests in them.
async fn batches(lab: &Lab, kind: &str) -> (f64, f64) {
    let shown = async |what| lab.metric(&format!("eventlease_batch_requests_{what}{{kind=\"{kind}\"}}")).await;
    (shown("count").await, shown("sum").await)
}

/// Sends requests with these bodies while a lock on the table keeps all of them from being carried out, and lets go when all
/// that are well formed have come in. Answers the replies, and how many batches held how many requests.
async fn send_together(
    lab: &Lab,
    table: &str,
    kind: &str,
    requests: Vec<(reqwest::RequestBuilder, Value)>,
) -> (Vec<Reply>, f64, f64) {
    let before = batches(lab, kind).await;
    let holder = lock_table(lab, table).await;
    let bytes = |body: &Value| u32::try_from(body.to_string().len()).expect("small");
    let well_formed = requests.iter().filter(|(_, body)| body["status"] != "nonsense" && body["priority"] != 17);
    let held: f64 = well_formed.map(|(_, body)| f64::from(bytes(body))).sum();
    let release = async {
        // A body is held until its request is answered.
        lab.wait_for("all requests to have come", async || {
            ((lab.metric("eventlease_request_body_bytes").await - held).abs() < f64::EPSILON).then_some(())
        })
        .await;
        holder.rollback().await.expect("the lock goes");
    };
    let replies = join_all(requests.into_iter().map(|(request, body)| Reply::of(request.json(&body))));
    let (replies, ()) = tokio::join!(replies, release);
    let after = batches(lab, kind).await;
    (replies, after.0 - before.0, after.1 - before.1)
}

fn assert_shared(coalescing: Coalescing, batches: f64, requests: f64) {
    match coalescing {
        // Two batches may be under way when the others come.
        Coalescing::On => assert!(batches * 2.0 < requests, "{requests} requests in {batches} batches"),
        Coalescing::Off => assert!((batches - requests).abs() < f64::EPSILON, "{requests} requests, {batches} batches"),
    }
}

fn event_request(lab: &Lab, body: Value) -> (reqwest::RequestBuilder, Value) {
    (lab.request("POST", "/api/v1/events"), body)
}

fn settle_request(lab: &Lab, event_id: &str, body: Value) -> (reqwest::RequestBuilder, Value) {
    (lab.request("PUT", &format!("/api/v1/events/{event_id}/status")), body)
}

async fn lock_table(lab: &Lab, table: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut holder = lab.db.begin().await.expect("a transaction");
    let lock = format!("lock table eventlease.{table} in access exclusive mode");
    sqlx::query(sqlx::AssertSqlSafe(lock)).execute(&mut *holder).await.expect("the lock");
    holder
}

/// Locks one row, as another transaction of the service may.
async fn lock_row(lab: &Lab, table: &str, key: &str, id: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query(sqlx::AssertSqlSafe(format!("select from eventlease.{table} where {key} = $1 for update")))
        .bind(id.parse::<Uuid>().expect("a UUID"))
        .execute(&mut *holder)
        .await
        .expect("the lock");
    holder
}

#[tokio::test]
async fn requests_that_wait_share_a_batch_unless_coalescing_is_off() {
    const REQUESTS: f64 = 20.0;
    for coalescing in Coalescing::BOTH {
        let lab = coalescing.start().await;
        let assert_few = |kind, replies: Vec<Reply>, batches: f64, requests: f64| {
            assert!(replies.iter().all(|reply| reply.status < 300), "{kind}: {replies:?}");
            assert!((requests - REQUESTS).abs() < f64::EPSILON, "{kind}: {requests} requests");
            let (least, most) = if coalescing == Coalescing::On { (1.0, 4.0) } else { (REQUESTS, REQUESTS) };
            assert!((least..=most).contains(&batches), "{kind}, coalescing {coalescing:?}: {batches} batches");
        };
        let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
        let requests = (0..20).map(|_| event_request(&lab, event.clone())).collect();
        let (replies, batches, sent) = send_together(&lab, "event_queue", "events", requests).await;
        assert_few("events", replies, batches, sent);

        let engine = lab.register("dialogue", json!({})).await;
        let leased = lab.poll("dialogue", &engine, "limit=20").await.expect(200).body["events"].clone();
        let requests = leased.as_array().expect("events").iter().map(|leased| {
            let body = json!({"status": "completed", "lease_token": leased["lease"]["lease_token"]});
            settle_request(&lab, leased["event_id"].as_str().expect("an id"), body)
        });
        let (replies, batches, sent) = send_together(&lab, "event_leases", "settlements", requests.collect()).await;
        assert_few("settlements", replies, batches, sent);

        let mut requests = Vec::new();
        for n in 0..20 {
            let engine = lab.register("dialogue", json!({})).await;
            let heartbeat = lab.request("POST", &format!("/api/v1/engines/{engine}/heartbeat"));
            requests.push((heartbeat, json!({"current_workload": n})));
        }
        let (replies, batches, sent) = send_together(&lab, "engine_states", "heartbeats", requests).await;
        assert_few("heartbeats", replies, batches, sent);
    }
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
async fn settle_at_random(coalescing: Coalescing, seed: u64) -> Vec<Value> {
    const EVENTS: usize = 60;
    let mut random = StdRng::seed_from_u64(seed);
    let lab = coalescing.start().await;
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
    let requests = leased.iter().map(|leased| {
        let (event_id, body) = random_report(&mut random, leased);
        let (request, body) = settle_request(&lab, &event_id, body);
        (request.header("x-engine-id", &engine), body)
    });
    let (replies, batches, requests) = send_together(&lab, "event_leases", "settlements", requests.collect()).await;
    assert_shared(coalescing, batches, requests);
    replies.iter().map(essence).collect()
}

#[tokio::test]
async fn reports_are_answered_alike_together_and_alone() {
    let seed = std::env::var("EVENTLEASE_COALESCING_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = seed.unwrap_or_else(rand::random);
    let together = settle_at_random(Coalescing::On, seed).await;
    let alone = settle_at_random(Coalescing::Off, seed).await;
    assert_eq!(together, alone, "EVENTLEASE_COALESCING_SEED={seed}");
    assert!(together.iter().any(|essence| essence[0] == 200) && together.iter().any(|essence| essence[0] == 409));
}

/// The same events on either server; what became of each.
async fn enqueue_at_random(coalescing: Coalescing, seed: u64) -> Vec<Value> {
    let mut random = StdRng::seed_from_u64(seed);
    let lab = coalescing.start().await;
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
    let requests = bodies.into_iter().map(|body| event_request(&lab, body)).collect();
    let (replies, batches, requests) = send_together(&lab, "event_queue", "events", requests).await;
    assert_shared(coalescing, batches, requests);
    replies.iter().map(essence).collect()
}

#[tokio::test]
async fn events_are_taken_in_alike_together_and_alone() {
    let seed = rand::random();
    let together = enqueue_at_random(Coalescing::On, seed).await;
    assert_eq!(together, enqueue_at_random(Coalescing::Off, seed).await, "seed {seed}");
}

/// What the database itself refuses is not seen before; it must not take its neighbours along.
#[tokio::test]
async fn one_event_that_the_database_refuses_keeps_no_other_out() {
    for coalescing in Coalescing::BOTH {
        let lab = coalescing.start().await;
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
        let requests = (0..20).map(|n| {
            let payload = if n == 11 { "poison" } else { "food" };
            event_request(&lab, json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": payload}))
        });
        let (replies, batches, requests) = send_together(&lab, "event_queue", "events", requests.collect()).await;
        assert_shared(coalescing, batches, requests);
        for (n, reply) in replies.iter().enumerate() {
            assert_eq!(reply.status, if n == 11 { 500 } else { 201 }, "{n}: {reply:?}");
        }
        let fallbacks = lab.metric("eventlease_batch_fallbacks_total{kind=\"events\"}").await;
        assert_eq!(fallbacks > 0.0, coalescing == Coalescing::On, "{fallbacks} batches were given up");
        let taken: i64 = sqlx::query_scalar("select count(*) from eventlease.event_queue")
            .fetch_one(&lab.db)
            .await
            .expect("a count");
        assert_eq!(taken, 19);
    }
}

/// Rows that somebody holds hold up their own requests alone, also where these came when nothing else did. As many wait
/// as may be carried out alone at a time, so a repeated report, which waits for no row, must not need that.
#[tokio::test]
async fn locked_events_stall_their_own_callers() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    for _ in 0..12 {
        lab.enqueue("dialogue", json!({})).await;
    }
    let leased = lab.poll("dialogue", &engine, "limit=12").await.expect(200).body["events"].clone();
    let leased = leased.as_array().expect("events");
    let (mut holders, mut stalled, mut began) = (Vec::new(), Vec::new(), 0.0);
    for locked in &leased[..4] {
        holders.push(lock_row(&lab, "event_leases", "event_id", locked["event_id"].as_str().expect("an id")).await);
        let settling = lab.settle(locked, "completed", json!({}));
        stalled.push(Box::pin(settling));
        began += 1.0;
        tokio::select! {
            _ = join_all(&mut stalled) => panic!("all were answered"),
            () = wait_for_batches(&lab, "settlements", began) => {}
        }
    }
    let others = async {
        let repeated = &leased[4..6];
        for (kind, some) in [("completed", &leased[4..8]), ("queued", &leased[8..]), ("completed", repeated)] {
            for reply in join_all(some.iter().map(|leased| lab.settle(leased, kind, json!({})))).await {
                reply.expect(200);
            }
        }
        for holder in holders {
            holder.rollback().await.expect("the lock goes");
        }
    };
    for reply in tokio::join!(join_all(stalled), others).0 {
        reply.expect(200);
    }
}

/// Waits until this many batches were begun.
async fn wait_for_batches(lab: &Lab, kind: &str, count: f64) {
    lab.wait_for(&format!("{count} batches"), async || (batches(lab, kind).await.0 >= count).then_some(())).await;
}

/// An engine whose row somebody holds must not make others seem dead.
#[tokio::test]
async fn a_locked_engine_stalls_its_own_heartbeat() {
    let lab = Lab::start().await;
    let (stalled, other) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let holder = lock_row(&lab, "engine_states", "engine_id", &stalled).await;
    let others = async {
        lab.wait_for_a_blocked_server().await;
        for _ in 0..3 {
            lab.heartbeat(&other, json!({})).await.expect(200);
        }
        holder.rollback().await.expect("the lock goes");
    };
    tokio::join!(lab.heartbeat(&stalled, json!({"dynamic_state": {"a": 1}})), others).0.expect(200);
}

/// A key that another transaction is just claiming holds up its own event.
#[tokio::test]
async fn claimed_keys_stall_their_own_callers() {
    let lab = Lab::start().await;
    let body = |key: &str| json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}, "idempotency_key": key});
    lab.post("/api/v1/events", &body("first")).await.expect(201);
    let mut holder = lab.db.begin().await.expect("a transaction");
    for key in ["one", "other"] {
        sqlx::query("select eventlease.enqueue('dialogue', 'test.happened', '{}'::json, idempotency_key => $1)")
            .bind(key)
            .execute(&mut *holder)
            .await
            .expect("claimed");
    }
    let (one, other) = (body("one"), body("other"));
    // The first event was a batch, too.
    let (mut stalled, mut began) = (Vec::new(), 1.0);
    for body in [&one, &other] {
        stalled.push(Box::pin(lab.post("/api/v1/events", body)));
        began += 1.0;
        tokio::select! {
            _ = join_all(&mut stalled) => panic!("all were answered"),
            () = wait_for_batches(&lab, "events", began) => {}
        }
    }
    let others = async {
        lab.post("/api/v1/events", &body("third")).await.expect(201);
        holder.rollback().await.expect("the claims go");
    };
    for reply in tokio::join!(join_all(stalled), others).0 {
        reply.expect(201);
    }
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
    let holder = lock_table(&lab, "event_queue").await;
    let sending = join_all((0..20).map(|_| lab.post("/api/v1/events", &body)));
    let release = async {
        let refused = "eventlease_requests_overloaded_total{kind=\"events\"}";
        lab.wait_for("all but five to be refused", async || (lab.metric(refused).await >= 15.0).then_some(())).await;
        holder.rollback().await.expect("the lock goes");
    };
    let (replies, ()) = tokio::join!(sending, release);
    let refused: Vec<&Reply> = replies.iter().filter(|reply| reply.status == 429).collect();
    assert_eq!((refused.len(), replies.iter().filter(|reply| reply.status == 201).count()), (15, 5));
    assert_eq!(refused[0].text("code"), "overloaded");
    assert!(refused.iter().all(|reply| (1..=5).contains(&reply.retry_after())));
}

/// More polls than one claim is for, of several queues: each reply has the events that the database says its engine holds.
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
    let leased: i64 =
        sqlx::query_scalar("select count(*) from eventlease.event_leases").fetch_one(&lab.db).await.expect("a count");
    assert_eq!(usize::try_from(leased).expect("small"), seen.len(), "what is leased reached somebody");
    assert_eq!(seen.len(), 135);
}

/// A poll whose claim is under way when the service stops is answered then, and does not wait again.
#[tokio::test]
async fn a_poll_in_the_middle_of_a_claim_does_not_hold_up_the_end() {
    let mut lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let holder = lock_row(&lab, "engine_states", "engine_id", &engine).await;
    let request = lab.request("GET", "/api/v1/events/queue/dialogue?wait_seconds=30").header("x-engine-id", &engine);
    let poll = tokio::spawn(Reply::of(request));
    lab.wait_for_a_blocked_server().await;
    let address = lab.server().address;
    let release = async {
        // The server is stopping when it takes no more connections.
        while tokio::net::TcpStream::connect(address).await.is_ok() {
            tokio::task::yield_now().await;
        }
        holder.rollback().await.expect("the lock goes");
    };
    let began = std::time::Instant::now();
    tokio::join!(lab.stop(), release);
    assert_eq!(poll.await.expect("an answer").expect(200).body["notice"]["code"], "server_stopping");
    assert!(began.elapsed() < Duration::from_secs(10), "the poll waited out a part of its 30 seconds");
}

/// An engine's row that somebody holds stalls its own poll, not those of others that came with it.
#[tokio::test]
async fn one_locked_engine_stalls_one_poll() {
    let lab = Lab::start().await;
    let (stalled, other) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let holder = lock_row(&lab, "engine_states", "engine_id", &stalled).await;
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

/// Polls that share a claim each get one of their own where it fails, and that is counted.
#[tokio::test]
async fn a_claim_of_several_polls_that_fails_is_counted() {
    let lab = Lab::start().await;
    let (locked, other) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let fallbacks = async || lab.metric("eventlease_batch_fallbacks_total{kind=\"claims\"}").await;
    let before = fallbacks().await;
    let polls = [&locked, &other].map(|engine| {
        let request =
            lab.request("GET", &format!("/api/v1/events/queue/dialogue?limit=1&wait_seconds=20&engine_id={engine}"));
        tokio::spawn(Reply::of(request))
    });
    lab.wait_for_parked_polls(2).await;
    let holder = lock_row(&lab, "engine_states", "engine_id", &locked).await;
    let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
    let batch = lab.request("POST", "/api/v1/events/batch").json(&json!({"events": [event, event]}));
    Reply::of(batch).await.expect(201);
    lab.wait_for("the claim to be given up", async || (fallbacks().await > before).then_some(())).await;
    holder.rollback().await.expect("the lock goes");
    for poll in polls {
        let reply = poll.await.expect("no panic").expect(200);
        assert_eq!(reply.body["events"].as_array().map(Vec::len), Some(1), "{reply:?}");
    }
}
