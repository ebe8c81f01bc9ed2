//! The lab: a server on a database of its own, and short words for what tests do with it.

mod caller;
pub mod chromium;
pub mod cluster;
mod database;
mod locks;
mod reply;

use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use eventlease::app::Server;
use eventlease::broker::Broker;
use eventlease::config::ServeConfig;
use reqwest::redirect::Policy;
use serde_json::{Value, json};
use sqlx::PgPool;
use uuid::Uuid;

pub use caller::Caller;
use database::TestDatabase;
pub use database::pool_of;
pub use locks::Holder;
pub use reply::Reply;

/// How long a test waits for something that must happen. Only a broken test gets there.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running server on its own database. When it is dropped, the test fails if an event was lost.
pub struct Lab {
    pub url: String,
    pub db: PgPool,
    client: reqwest::Client,
    server: Option<Server>,
    replicas: Vec<Server>,
    database: TestDatabase,
}

#[derive(Parser)]
struct TestConfig {
    #[command(flatten)]
    serve: ServeConfig,
}

/// A configuration as the command line would give it.
pub fn config(database_url: &str, flags: &[&str]) -> ServeConfig {
    let fixed = ["lab", "--listen", "127.0.0.1:0", "--database-url", database_url];
    let defaults = ["--max-connections", "5", "--reaper-interval-ms", "100", "--recheck-interval-ms", "200"];
    let mut arguments: Vec<&str> = fixed.to_vec();
    // A flag given twice is an error, so a test's own replaces the default.
    for pair in defaults.chunks(2) {
        if !flags.contains(&pair[0]) {
            arguments.extend(pair);
        }
    }
    arguments.extend(flags);
    TestConfig::parse_from(arguments).serve
}

/// A client that follows nothing and keeps connections, like an engine's. It has no use for TLS, but must be able to.
pub fn client() -> reqwest::Client {
    rustls::crypto::ring::default_provider().install_default().ok();
    let builder = reqwest::Client::builder().no_proxy().redirect(Policy::none()).timeout(Duration::from_mins(1));
    builder.tls_certs_only([]).build().expect("a client")
}

impl Lab {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// Starts a server with flags of `eventlease serve`.
    pub async fn start_with(flags: &[&str]) -> Self {
        let database = TestDatabase::create().await;
        let server = Server::start(&config(&database.url, flags)).await.expect("the server starts");
        let db = PgPool::connect(&database.url).await.expect("the database is there");
        let url = format!("http://{}", server.address);
        Self { url, db, client: client(), server: Some(server), replicas: Vec::new(), database }
    }

    /// Starts another server on the same database, and answers its URL.
    pub async fn start_replica(&mut self, flags: &[&str]) -> String {
        let replica = Server::start(&config(&self.database.url, flags)).await.expect("the replica starts");
        let url = format!("http://{}", replica.address);
        self.replicas.push(replica);
        url
    }

    pub fn server(&self) -> &Server {
        self.server.as_ref().expect("the server runs")
    }

    pub fn server_mut(&mut self) -> &mut Server {
        self.server.as_mut().expect("the server runs")
    }

    /// The use-cases of the server, for seams like `reap`.
    pub fn broker(&self) -> &Arc<Broker> {
        &self.server().broker
    }

    /// The use-cases of the replica started last.
    pub fn replica_broker(&self) -> &Arc<Broker> {
        &self.replicas.last().expect("a replica runs").broker
    }

    /// Stops the server in order, as SIGTERM would.
    pub async fn stop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().await.expect("the server stops in order");
        }
    }

    /// Stops the server in order, and starts one anew.
    pub async fn restart(&mut self) {
        self.stop().await;
        let server = Server::start(&config(&self.database.url, &[])).await.expect("the server starts");
        self.url = format!("http://{}", server.address);
        self.server = Some(server);
    }

    // Requests

    pub fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let method = method.parse().expect("a method");
        let url = if path.starts_with("http") { path.to_owned() } else { format!("{}{path}", self.url) };
        self.client.request(method, url)
    }

    pub async fn get(&self, path: &str) -> Reply {
        Reply::of(self.request("GET", path)).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        Reply::of(self.request("DELETE", path)).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.request("POST", path).json(body)).await
    }

    pub async fn put(&self, path: &str, body: &Value) -> Reply {
        Reply::of(self.request("PUT", path).json(body)).await
    }

    /// Sends a body as it is, declared as JSON.
    pub async fn send_raw(&self, method: &str, path: &str, body: impl Into<reqwest::Body>) -> Reply {
        Reply::of(self.request(method, path).header("content-type", "application/json").body(body)).await
    }

    // What engines and producers do

    /// Registers an engine, with more members for the body, and answers its id.
    pub async fn register(&self, engine_type: &str, more: Value) -> String {
        let mut body = json!({"engine_type": engine_type});
        merge(&mut body, more);
        let reply = self.post("/api/v1/engines", &body).await;
        assert!(reply.status == 201 || reply.status == 200, "{reply:?}");
        reply.text("engine_id")
    }

    /// Enqueues an event, with more members for the body, and answers its id.
    pub async fn enqueue(&self, engine_type: &str, more: Value) -> String {
        let mut body = json!({"engine_type": engine_type, "event_type": "test.happened", "payload": {"n": 1}});
        merge(&mut body, more);
        self.post("/api/v1/events", &body).await.expect(201).text("event_id")
    }

    /// Polls as an engine; `query` is added as it is, like `limit=5&wait_seconds=1`.
    pub async fn poll(&self, engine_type: &str, engine_id: &str, query: &str) -> Reply {
        let path = format!("/api/v1/events/queue/{engine_type}?{query}");
        Reply::of(self.request("GET", &path).header("x-engine-id", engine_id)).await
    }

    /// Polls a replica, given by its URL.
    pub async fn poll_at(&self, replica: &str, engine_type: &str, engine_id: &str, query: &str) -> Reply {
        let path = format!("{replica}/api/v1/events/queue/{engine_type}?{query}");
        Reply::of(self.request("GET", &path).header("x-engine-id", engine_id)).await
    }

    /// Leases one event, which must be there.
    pub async fn lease_one(&self, engine_type: &str, engine_id: &str) -> Value {
        let reply = self.poll(engine_type, engine_id, "limit=1&wait_seconds=10").await.expect(200);
        let event = reply.body["events"][0].clone();
        assert!(event.is_object(), "nothing was leased: {reply:?}");
        event
    }

    /// Settles a leased event with its token, with more members for the body.
    pub async fn settle(&self, leased: &Value, status: &str, more: Value) -> Reply {
        let mut body = json!({"status": status, "lease_token": leased["lease"]["lease_token"]});
        if status == "failed" {
            body["error"] = json!("it did not work");
        }
        merge(&mut body, more);
        let event_id = leased["event_id"].as_str().expect("an event");
        self.put(&format!("/api/v1/events/{event_id}/status"), &body).await
    }

    pub async fn event(&self, event_id: &str) -> Value {
        self.get(&format!("/api/v1/events/{event_id}")).await.expect(200).body
    }

    /// An event's ended attempts, the oldest first.
    pub async fn attempts(&self, event_id: &str) -> Vec<Value> {
        let reply = self.get(&format!("/api/v1/events/{event_id}/attempts")).await.expect(200);
        let mut attempts = reply.body["items"].as_array().expect("a list").clone();
        attempts.reverse();
        attempts
    }

    // Moving time, and waiting for facts

    /// Runs a statement, for moving stored times.
    pub async fn sql(&self, statement: &str) -> u64 {
        sqlx::query(sqlx::AssertSqlSafe(statement.to_owned()))
            .execute(&self.db)
            .await
            .unwrap_or_else(|error| panic!("{statement}: {error}"))
            .rows_affected()
    }

    /// Lets the lease of an event run out three seconds ago.
    pub async fn expire(&self, event_id: &str) {
        let rows = self
            .sql(&format!(
                "update eventlease.event_leases set lease_expires_at = statement_timestamp() - interval '3 seconds'
                 where event_id = '{event_id}'"
            ))
            .await;
        assert_eq!(rows, 1, "{event_id} is not leased");
    }

    /// Lets the lease of an event run out, and waits until it is back in its queue and due.
    pub async fn lose(&self, event_id: &str) {
        self.expire(event_id).await;
        self.wait_for_status(event_id, "queued").await;
        self.make_due(event_id).await;
    }

    /// Lets an engine, which must have a heartbeat timeout, be silent for an hour, until that is noticed.
    pub async fn silence(&self, engine_id: &str) {
        self.wait_for(&format!("{engine_id} to be unresponsive"), async || {
            // What is still to be written of its last calls would bring it back.
            self.broker().flush_liveness().await.expect("written");
            self.sql(&format!(
                "update eventlease.engine_states set last_seen_at = statement_timestamp() - interval '1 hour'
                 where engine_id = '{engine_id}' and status <> 'unresponsive'"
            ))
            .await;
            let engine = self.get(&format!("/api/v1/engines/{engine_id}")).await.expect(200);
            (engine.body["status"] == "unresponsive").then_some(())
        })
        .await;
    }

    /// Sends a heartbeat, with members for the body.
    pub async fn heartbeat(&self, engine_id: &str, body: Value) -> Reply {
        self.post(&format!("/api/v1/engines/{engine_id}/heartbeat"), &body).await
    }

    /// Lets a queued event be due now.
    pub async fn make_due(&self, event_id: &str) {
        self.sql(&format!(
            "update eventlease.event_queue set available_at = statement_timestamp() where event_id = '{event_id}'"
        ))
        .await;
    }

    /// Waits until an event has a status.
    pub async fn wait_for_status(&self, event_id: &str, status: &str) -> Value {
        self.wait_for(&format!("{event_id} to be {status}"), async || {
            let event = self.event(event_id).await;
            (event["status"] == status).then_some(event)
        })
        .await
    }

    /// Waits for a fact.
    pub async fn wait_for<T>(&self, what: &str, check: impl AsyncFn() -> Option<T>) -> T {
        wait_for(what, check).await
    }

    /// Waits until the server listens for notifications: before that, it is warned of.
    pub async fn wait_until_well(&self) {
        self.wait_until_replica_is_well(self.server()).await;
    }

    /// The same for another server.
    pub async fn wait_until_replica_is_well(&self, server: &Server) {
        self.wait_for("a server that listens", async || {
            let (_, replica, _) = server.broker.examine_database().await.expect("the database is examined");
            replica.listener.is_connected.then_some(())
        })
        .await;
    }

    /// Waits until so many polls of the server are parked.
    pub async fn wait_for_parked_polls(&self, count: u32) {
        self.wait_for(&format!("{count} parked polls"), async || {
            let parked = self.metric("eventlease_polls_parked").await;
            ((parked - f64::from(count)).abs() < f64::EPSILON).then_some(())
        })
        .await;
    }

    /// Waits until a statement of the server waits for a lock of somebody else.
    pub async fn wait_for_a_blocked_server(&self) {
        self.wait_for_a_blocked_statement("").await;
    }

    /// Waits until a session of the server waits for a lock with a statement that has these words in its first kilobyte:
    /// where a whole table is locked, the server's own tasks wait, too.
    pub async fn wait_for_a_blocked_statement(&self, text: &str) {
        let blocked = "select exists (select from pg_stat_activity where datname = current_database()
            and application_name = 'eventlease' and wait_event_type = 'Lock' and strpos(query, $1) > 0)";
        self.wait_for("the server to be blocked", async || {
            let is_blocked: bool = sqlx::query_scalar(blocked).bind(text).fetch_one(&self.db).await.expect("an answer");
            is_blocked.then_some(())
        })
        .await;
    }

    /// The value of one metric, by its full name with labels as Prometheus shows it.
    pub async fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").await.expect(200).raw;
        text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok()).unwrap_or(0.0)
    }
}

impl Drop for Lab {
    fn drop(&mut self) {
        // Dropped servers take their tasks with them only when the runtime ends; the database goes by force.
        self.database.finish(!std::thread::panicking());
    }
}

/// Waits for a fact.
pub async fn wait_for<T>(what: &str, check: impl AsyncFn() -> Option<T>) -> T {
    let started = tokio::time::Instant::now();
    loop {
        if let Some(fact) = check().await {
            return fact;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Sets the members of an object in another.
pub fn merge(body: &mut Value, more: Value) {
    if let Value::Object(more) = more {
        for (name, value) in more {
            body[name] = value;
        }
    }
}

/// An id that nothing has.
pub fn unknown_id() -> String {
    Uuid::new_v4().to_string()
}
