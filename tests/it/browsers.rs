//! Pages of other sites do nothing here, whatever the call, with and without authentication.

mod chromium;
mod hosts;
mod pages;

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Lab, unknown_id};

/// Sends a request as it stands, which must end its connection, and answers what comes back until the server closes.
async fn send(lab: &Lab, request: &str) -> String {
    let address = lab.url.strip_prefix("http://").expect("a URL");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut read = Vec::new();
    let whole = async {
        let mut some = [0; 4096];
        while let Ok(count @ 1..) = stream.read(&mut some).await {
            read.extend_from_slice(&some[..count]);
        }
    };
    tokio::time::timeout(Duration::from_secs(20), whole).await.expect("the server closes the connection");
    String::from_utf8(read).expect("text")
}

/// Each documented operation as method and path, with values that name nothing.
fn operations(document: &serde_json::Value) -> Vec<(String, String)> {
    let paths = document["paths"].as_object().expect("paths");
    let of_path = |(path, operations): (&String, &serde_json::Value)| {
        let path = path
            .replace("{event_id}", &unknown_id())
            .replace("{engine_id}", &unknown_id())
            .replace("{token_id}", &unknown_id())
            .replace("{job_id}", &unknown_id())
            .replace("{engine_type}", "dialogue")
            .replace("{event_type}", "test.happened")
            .replace("{scenario_run_id}", "run-1");
        assert!(!path.contains('{'), "{path} has a parameter that this test does not know");
        let methods = operations.as_object().expect("operations").keys();
        methods.map(|method| (method.to_uppercase(), path.clone())).collect::<Vec<_>>()
    };
    let found: Vec<_> = paths.iter().flat_map(of_path).collect();
    assert!(found.len() > 40, "{}", found.len());
    found
}

async fn refusals(lab: &Lab, code: &str) -> f64 {
    lab.metric(&format!("eventlease_browser_refusals_total{{code=\"{code}\"}}")).await
}
