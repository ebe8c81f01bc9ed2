//! Authentication and authorisation: tokens, roles, limits, the audit trail.

mod audit;
mod beyond_reach;
mod engines;
mod failures;
mod first_start;
mod follow_ups;
mod limited;
mod logs;
mod revocation;
mod renewed;
mod rotation;
mod runs;
mod session;
mod told;
mod walk;

use std::path::PathBuf;

use serde_json::{Value, json};
use uuid::Uuid;

use crate::support::{Lab, Reply, merge};

/// A server that requires tokens, and its first admin's.
pub struct Guarded {
    pub lab: Lab,
    pub admin: String,
}

/// A file that is there for one test.
pub struct TokenFile(pub PathBuf);

impl TokenFile {
    pub fn new() -> Self {
        Self(std::env::temp_dir().join(format!("eventlease-admin-{}", Uuid::new_v4())))
    }

    pub fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }

    pub fn read(&self) -> String {
        std::fs::read_to_string(&self.0).expect("the token was written").trim().to_owned()
    }
}

impl Drop for TokenFile {
    fn drop(&mut self) {
        std::fs::remove_file(&self.0).ok();
    }
}

impl Guarded {
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    pub async fn start_with(flags: &[&str]) -> Self {
        let file = TokenFile::new();
        let required = ["--auth", "required", "--admin-token-file", file.path()];
        let lab = Lab::start_with(&[&required, flags].concat()).await;
        let admin = file.read();
        Self { lab, admin }
    }

    /// Makes a token, with more members for the body.
    pub async fn token(&self, role: &str, more: Value) -> String {
        let mut body = json!({"name": format!("a {role}"), "role": role});
        merge(&mut body, more);
        self.post(&self.admin, "/api/v1/tokens", &body).await.expect(201).text("token")
    }

    pub async fn ask(&self, token: &str, method: &str, path: &str) -> Reply {
        Reply::of(self.lab.request(method, path).bearer_auth(token)).await
    }

    pub async fn get(&self, token: &str, path: &str) -> Reply {
        self.ask(token, "GET", path).await
    }

    pub async fn post(&self, token: &str, path: &str, body: &Value) -> Reply {
        self.send(token, "POST", path, body).await
    }

    pub async fn send(&self, token: &str, method: &str, path: &str, body: &Value) -> Reply {
        Reply::of(self.lab.request(method, path).bearer_auth(token).json(body)).await
    }

    /// Registers an engine, and answers its id and its token.
    pub async fn register(&self, token: &str, engine_type: &str) -> (String, String) {
        let reply = self.post(token, "/api/v1/engines", &json!({"engine_type": engine_type})).await.expect(201);
        (reply.text("engine_id"), reply.text("engine_token"))
    }

    pub async fn enqueue(&self, token: &str, engine_type: &str) -> String {
        let body = json!({"engine_type": engine_type, "event_type": "e", "payload": {"n": 1}});
        self.post(token, "/api/v1/events", &body).await.expect(201).text("event_id")
    }

    /// Leases one event, which must be there.
    pub async fn lease_one(&self, token: &str, engine_type: &str) -> Value {
        let path = format!("/api/v1/events/queue/{engine_type}?limit=1&wait_seconds=10");
        let event = self.get(token, &path).await.expect(200).body["events"][0].clone();
        assert!(event.is_object(), "nothing was leased");
        event
    }

    pub async fn settle(&self, token: &str, leased: &Value, body: Value) -> Reply {
        let mut whole = json!({"lease_token": leased["lease"]["lease_token"]});
        merge(&mut whole, body);
        let event_id = leased["event_id"].as_str().expect("an event");
        self.send(token, "PUT", &format!("/api/v1/events/{event_id}/status"), &whole).await
    }
}
