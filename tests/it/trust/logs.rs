//! What callers send, as the log and the audit trail show it: escaped, bounded, and without what is nobody's business there.

use serde_json::{Value, json};
use sqlx::ConnectOptions as _;

use crate::cli::program::{Ended, Program};
use crate::support::{Lab, Reply};

const FORGERY: &str = "a\n2030-01-01T00:00:00Z  INFO eventlease: token made\u{9b}31m\u{202e}\u{2028}";

/// What a server logs while `calls` are made to it, and how long its longest line is.
async fn logged(format: &str, calls: impl AsyncFn(&Lab, &str)) -> (Ended, usize) {
    let lab = Lab::start().await;
    let url = lab.db.connect_options().to_url_lossy().to_string();
    let mut program =
        Program::serve(&["--listen", "127.0.0.1:0", "--database-url", &url, "--log-format", format, "--log", "debug"]);
    calls(&lab, &program.url.clone()).await;
    program.signal("TERM");
    let ended = program.wait();
    let longest = ended.stderr.lines().map(str::len).max().unwrap_or(0);
    (ended, longest)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_callers_send_reaches_the_log_escaped_and_bounded() {
    for format in ["text", "json"] {
        let (ended, longest) = logged(format, async |lab, url| {
            let engine = lab.register("dialogue", json!({})).await;
            let patch = json!({"metadata": {"static_config": {
                "password": "hush-hush", (FORGERY): FORGERY, "notes": "x".repeat(200_000),
                "engine_software_version": "1.0\u{202e}"
            }}});
            let request = lab.request("PATCH", &format!("{url}/api/v1/engines/{engine}"));
            Reply::of(request.json(&patch)).await.expect(200);
            let pause = json!({"reason": format!("because{}", "\u{202e}x".repeat(200))});
            lab.post(&format!("{url}/api/v1/queues/dialogue/pause"), &pause).await.expect(200);
            let drain = json!({"filter": {"engine_software_version": "1.0\u{202e}"}});
            lab.post(&format!("{url}/api/v1/engines/drain"), &drain).await.expect(200);
            let filter = json!({"filter": {"event_type": "e", "error_contains": "hush-hush \u{202e}"}});
            lab.post(&format!("{url}/api/v1/dead-letters/redrive"), &filter).await.expect(200);
            let method = lab.request(&"M".repeat(5_000), &format!("{url}/api/v1/events"));
            Reply::of(method.header("x-request-id", "id\" forged=\"1")).await.expect(405);
        })
        .await;
        let log = &ended.stderr;
        for message in
            ["engine configuration changed", "queue paused", "engines told to drain", "dead letters redriven"]
        {
            assert!(log.contains(message), "{format}: {message} is missing: {log}");
        }
        for secret in ["hush-hush", "xxxx", "\u{9b}", "\u{202e}", "\u{2028}"] {
            assert!(!log.contains(secret), "{format}: {secret:?} is in the log");
        }
        let is_forged = |line: &str| line.starts_with("2030-");
        assert!(log.contains("password") && !log.lines().any(is_forged), "{format}: {log}");
        assert!(longest < 4_000, "{format}: a line of {longest} bytes");
        assert!(format == "json" || !log.contains("id=\"id\" forged"), "{log}");
    }
}

#[tokio::test]
async fn the_audit_trail_says_what_of_a_change_was_too_large_for_it() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let large = json!({"metadata": {"static_config": {"notes": "x".repeat(200_000)}}});
    Reply::of(lab.request("PATCH", &format!("/api/v1/engines/{engine}")).json(&large)).await.expect(200);
    let listed = lab.get("/api/v1/audit?action=change_engine").await.expect(200);
    let details = &listed.body["items"][0]["details"]["static_config"];
    assert_eq!((&details["is_cut"], &details["bytes"]), (&json!(true), &json!(200_012)), "{details}");
    assert!(details["begins_with"].as_str().is_some_and(|text| text.starts_with("{\"notes\":\"xx")), "{details}");
    assert!(listed.raw.len() < 4_000, "{} bytes", listed.raw.len());
}

#[tokio::test]
async fn a_filter_is_as_long_as_what_it_is_compared_with() {
    let lab = Lab::start().await;
    for (member, limit) in [("error_type", 200), ("engine_software_version", 64)] {
        let filter = |chars: usize| -> Value { json!({"filter": {(member): "x".repeat(chars)}}) };
        lab.post("/api/v1/dead-letters/redrive", &filter(limit)).await.expect(200);
        let refused = lab.post("/api/v1/dead-letters/redrive", &filter(3 << 20)).await.problem(422, "invalid_input");
        assert_eq!(refused.places(), [format!("/filter/{member}")]);
        let query = format!("/api/v1/dead-letters?{member}={}", "x".repeat(limit + 1));
        assert_eq!(lab.get(&query).await.problem(422, "invalid_input").places(), [member]);
    }
}
