//! Somebody is called at night: several things are wrong at once, and the command line alone finds and repairs them.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{Connection as _, PgConnection};

use super::overview::assert_fits_a_page;
use super::terminal::shown_on;
use crate::cli::program::run_beside;
use crate::support::PATIENCE;
use crate::trust::Guarded;

/// As many as died, by the version of the engine that reported it.
const FAILED: [(&str, usize); 3] = [("2.4.0", 600), ("2.4.1", 3400), ("2.4.2", 1000)];
const SOUND_VERSION: &str = "2.4.3";

/// What is wrong, and whom it is about.
struct Night {
    guarded: Guarded,
    /// Of anna, who is called.
    operator: String,
    registrar: String,
    producer: String,
    snapshot_pid: i32,
    poison: String,
    zombie: String,
    _snapshot: PgConnection,
}

async fn register(guarded: &Guarded, registrar: &str, queue: &str, version: &str) -> (String, String) {
    let body = json!({"engine_type": queue, "metadata": {"static_config": {"engine_software_version": version}}});
    let reply = guarded.post(registrar, "/api/v1/engines", &body).await.expect(201);
    (reply.text("engine_id"), reply.text("engine_token"))
}

async fn enqueue_many(guarded: &Guarded, producer: &str, queue: &str, count: usize) {
    for first in (0..count).step_by(1000) {
        let event = |n: usize| json!({"engine_type": queue, "event_type": "line.requested", "payload": {"n": n}});
        let events: Vec<Value> = (first..count.min(first + 1000)).map(event).collect();
        guarded.post(producer, "/api/v1/events/batch", &json!({"events": events})).await.expect(201);
    }
}

/// Leases so many, and reports what `report` says of each.
async fn work(guarded: &Guarded, token: &str, queue: &str, count: usize, report: impl Fn(usize) -> Value) {
    let mut done = 0;
    while done < count {
        let limit = (count - done).min(100);
        let path = format!("/api/v1/events/queue/{queue}?limit={limit}&wait_seconds=5");
        let leased = guarded.get(token, &path).await.expect(200).body;
        let leased = leased["events"].as_array().expect("a list");
        let settlements: Vec<Value> = leased
            .iter()
            .enumerate()
            .map(|(place, event)| {
                let mut settlement = report(done + place);
                settlement["event_id"] = event["event_id"].clone();
                settlement["lease_token"] = event["lease"]["lease_token"].clone();
                settlement
            })
            .collect();
        done += settlements.len();
        if !settlements.is_empty() {
            let body = json!({"settlements": settlements});
            guarded.send(token, "PUT", "/api/v1/events/status", &body).await.expect(200);
        }
    }
}

/// One of three causes, each with an id of its own in its message.
fn failure(n: usize) -> Value {
    let error = match n % 3 {
        0 => json!({"type": "Timeout", "message": format!("no answer for request {} within 30 s", 70_000 + n)}),
        1 => json!({"type": "RuntimeError", "message": format!("character {} has no voice", 4_000 + n)}),
        _ => {
            json!({"type": "RuntimeError", "message": format!("CUDA out of memory: tried to allocate {} MiB", 100 + n)})
        }
    };
    json!({"status": "failed", "retryable": false, "error": error})
}

impl Night {
    async fn begin() -> Self {
        let guarded = Guarded::start().await;
        let operator = guarded.token("operator", json!({"name": "anna"})).await;
        let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue", "billing", "vision"]})).await;
        let producer = guarded.token("producer", json!({})).await;
        let lab = &guarded.lab;
        let options = (*lab.db.connect_options()).clone().application_name("nightly report");
        let mut snapshot = PgConnection::connect_with(&options).await.expect("a session");
        sqlx::query("begin isolation level repeatable read").execute(&mut snapshot).await.expect("begun");
        let snapshot_pid =
            sqlx::query_scalar("select pg_backend_pid()").fetch_one(&mut snapshot).await.expect("a number");

        enqueue_many(&guarded, &producer, "dialogue", FAILED.iter().map(|(_, count)| count).sum()).await;
        for (version, count) in FAILED {
            let (_, token) = register(&guarded, &registrar, "dialogue", version).await;
            work(&guarded, &token, "dialogue", count, failure).await;
        }

        enqueue_many(&guarded, &producer, "billing", 40).await;
        let pause = json!({"reason": "model upgrade"});
        guarded.post(&operator, "/api/v1/queues/billing/pause", &pause).await.expect(200);
        lab.sql("update eventlease.queues set paused_at = paused_at - interval '3 days' where paused_at is not null")
            .await;

        // Its age is PostgreSQL's to say, so that this takes a minute. What follows must not be older than it.
        while !lab_warns_of_the_snapshot(&guarded, &operator).await {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }

        let (zombie, _) = register(&guarded, &registrar, "vision", "2.4.2").await;
        enqueue_many(&guarded, &producer, "vision", 2).await;
        lab.broker().flush_liveness().await.expect("written");
        lab.sql(&format!(
            "update eventlease.engine_states set registered_at = registered_at - interval '9 min',
                last_poll_at = last_poll_at - interval '9 min', last_settled_at = last_settled_at - interval '9 min'
             where engine_id = '{zombie}'"
        ))
        .await;
        lab.sql(
            "update eventlease.event_queue set available_at = available_at - interval '40 s' where engine_type = 'vision'",
        )
        .await;

        let poison = guarded.enqueue(&producer, "dialogue").await;
        for _ in 0..2 {
            let (_, token) = register(&guarded, &registrar, "dialogue", "2.4.2").await;
            guarded.lease_one(&token, "dialogue").await;
            lab.expire(&poison).await;
            lab.wait_for("the event to be queued", async || {
                let event = guarded.get(&operator, &format!("/api/v1/events/{poison}")).await.expect(200).body;
                (event["status"] == "queued").then_some(())
            })
            .await;
            lab.make_due(&poison).await;
        }
        let night = Self { operator, registrar, producer, snapshot_pid, poison, zombie, _snapshot: snapshot, guarded };
        night.measure().await;
        night
    }

    /// As the tasks of the server do every few seconds.
    async fn measure(&self) {
        let broker = self.guarded.lab.broker();
        broker.write_activity().await.expect("written");
        broker.look_at_database().await.expect("examined");
        broker.measure().await.expect("a round");
    }

    fn arguments<'a>(&'a self, command: &'a str) -> Vec<&'a str> {
        command.split_whitespace().chain(["--url", &self.guarded.lab.url, "--token", &self.operator]).collect()
    }

    /// What a command shows on a terminal of 80 columns, on one page.
    async fn look(&self, command: &str) -> String {
        let shown = shown_on(80, &self.arguments(command)).await;
        assert_fits_a_page(&shown);
        shown
    }

    /// Carries out a command, with a yes to what it asks.
    async fn repair(&self, command: &str) {
        let arguments = self.arguments(command).into_iter().map(str::to_owned);
        let asks = command.starts_with("dead-letters");
        let ended = run_beside(arguments.chain(asks.then(|| "--yes".to_owned())).collect()).await;
        assert_eq!(ended.code, Some(0), "{command}: {ended:?}");
        assert_fits_a_page(&ended.stdout);
    }

    async fn attention(&self) -> Vec<String> {
        self.measure().await;
        let overview = self.guarded.get(&self.operator, "/api/v1/overview").await.expect(200).body;
        let items = overview["attention"].as_array().expect("a list");
        // The tests' PostgreSQL is set to be fast, and warned of for that.
        let others = items.iter().filter(|item| {
            item["code"] != "database" || item["message"].as_str().is_some_and(|told| told.contains("snapshot"))
        });
        others.map(|item| item["message"].as_str().expect("a message").to_owned()).collect()
    }
}

async fn lab_warns_of_the_snapshot(guarded: &Guarded, operator: &str) -> bool {
    let health = guarded.get(operator, "/api/v1/health/database").await.expect(200).body;
    let warnings = health["warnings"].as_array().expect("warnings");
    warnings.iter().any(|warning| warning["code"] == "old_snapshot")
}

/// The command in a page that begins like that, as somebody would copy it: one line, up to what ends the clause.
#[track_caller]
fn command<'a>(page: &'a str, beginning: &str) -> &'a str {
    let beginning = format!("eventlease {beginning}");
    let place = page.find(&beginning).unwrap_or_else(|| panic!("no {beginning} in\n{page}"));
    let rest = &page[place + "eventlease ".len()..];
    rest.lines().next().and_then(|line| line.split([';', ',']).next()).expect("a command").trim()
}

fn in_one_line(page: &str) -> String {
    page.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_wrong_in_one_night_is_found_with_three_commands_and_repaired_with_four() {
    let night = Night::begin().await;
    let Night { guarded, operator, snapshot_pid, poison, zombie, .. } = &night;

    let overview = night.look("overview").await;
    let causes = night.look(command(&overview, "dead-letters groups")).await;
    let why = night.look(command(&overview, "explain dialogue")).await;
    let words = in_one_line(&overview);
    for told in [
        "5000 new dead letters of dialogue, with 3 causes",
        &format!("event {poison} of dialogue was lost 2 times"),
        &format!("engine {zombie} of vision counts as active, but has not asked for work for 9 min"),
        &format!("\"nightly report\" (pid {snapshot_pid}, "),
        "billing has been paused for 3 d by anna (model upgrade)",
    ] {
        assert!(words.contains(told), "{told} is not told by\n{overview}");
    }
    for told in ["Timeout: ", "RuntimeError: character", "RuntimeError: CUDA"] {
        assert!(causes.contains(told), "{told} is not told by\n{causes}");
    }
    let why = in_one_line(&why);
    assert!(why.contains("failing: 5000 of 5002 attempts in the last 5 minutes failed (100 %)"), "{why}");
    assert!(why.contains("(fingerprint ") && why.contains(" of the newest 500, version 2.4.2)"), "{why}");

    // A sound version is deployed, what was told to exit is started anew, and work comes in as before.
    enqueue_many(guarded, &night.producer, "dialogue", 100).await;
    let repairs = ["dead-letters redrive", "cancel", "engines drain", "resume"].map(|verb| command(&overview, verb));
    for repair in &repairs[1..] {
        night.repair(repair).await;
    }
    let sound = async |queue: &str, count| {
        let (_, token) = register(guarded, &night.registrar, queue, SOUND_VERSION).await;
        work(guarded, &token, queue, count, |_| json!({"status": "completed"})).await;
    };
    let redrive = night.repair(repairs[0]);
    tokio::join!(sound("billing", 40), sound("vision", 2), sound("dialogue", 5100), redrive);
    // The session is not the service's to end: its statement is for PostgreSQL's own command line.
    let statement = format!("select pg_terminate_backend({snapshot_pid});");
    assert!(overview.lines().any(|line| line.trim() == statement), "{overview}");
    guarded.lab.sql(&statement).await;

    let mut left = night.attention().await;
    let asked_at = Instant::now();
    while !left.is_empty() && asked_at.elapsed() < PATIENCE {
        left = night.attention().await;
    }
    assert_eq!(left, [""; 0]);
    for (status, expected) in [("failed", 0), ("completed", 5142), ("cancelled", 1)] {
        let counted: i64 = sqlx::query_scalar("select count(*) from eventlease.event_instances where status = $1")
            .bind(status)
            .fetch_one(&guarded.lab.db)
            .await
            .expect("a count");
        assert_eq!(counted, expected, "{status}");
    }
    let event = guarded.get(operator, &format!("/api/v1/events/{poison}")).await.expect(200).body;
    assert_eq!(event["status"], "cancelled");
}
