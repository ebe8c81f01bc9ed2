//! Calls to a server that is not a lab's: started by hand, or as a process of its own.

use eventlease::app::Server;
use serde_json::Value;

use super::{Reply, client, wait_for};

pub struct Caller {
    pub base: String,
    client: reqwest::Client,
}

impl Caller {
    /// Of a server in this process.
    pub fn of(server: &Server) -> Self {
        Self::at(format!("http://{}", server.address))
    }

    pub fn at(base: String) -> Self {
        Self { base, client: client() }
    }

    /// A request, without a body where that is null.
    pub fn request(&self, method: &str, path: &str, body: &Value) -> reqwest::RequestBuilder {
        let request = self.client.request(method.parse().expect("a method"), format!("{}{path}", self.base));
        if body.is_null() { request } else { request.json(body) }
    }

    pub async fn call(&self, method: &str, path: &str, body: Value) -> Reply {
        Reply::of(self.request(method, path, &body)).await
    }

    /// Asks until the reply has this status.
    pub async fn wait_for_status(&self, path: &str, status: u16) -> Reply {
        wait_for(&format!("{path} to answer {status}"), async || {
            let reply = self.call("GET", path, Value::Null).await;
            (reply.status == status).then_some(reply)
        })
        .await
    }

    /// Waits until a metric, with its labels, is shown with this value.
    pub async fn wait_for_metric(&self, line: &str) {
        wait_for(line, async || {
            let metrics = self.call("GET", "/metrics", Value::Null).await.expect(200).raw;
            metrics.lines().any(|shown| shown == line).then_some(())
        })
        .await;
    }
}
