//! Requests without a token, with a wrong one, or with many wrong ones, and what is reported about them.

use std::time::Instant;

use futures_util::future::join_all;
use serde_json::json;

use super::{Guarded, TokenFile};
use crate::cli::program::Program;
use crate::support::{Lab, Reply};

fn unknown_token(number: u32) -> String {
    format!("el_{number:064x}")
}

#[tokio::test]
async fn the_problems_of_those_who_are_not_let_in_look_like_all_others() {
    let guarded = Guarded::start().await;
    guarded.lab.get("/api/v1/queues").await.problem(401, "unauthenticated");
    let others = ["Basic abc", "Bearer", "Bearer el_1", "el_1", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.x"];
    for value in others {
        let reply = Reply::of(guarded.lab.request("GET", "/api/v1/queues").header("authorization", value)).await;
        let reply = reply.problem(401, "unauthenticated");
        assert!(reply.header("www-authenticate").contains("error=\"invalid_token\""), "{reply:?}");
        assert!(!reply.header("x-request-id").is_empty() && reply.header("cache-control") == "no-store");
    }
    let unknown = guarded.get(&unknown_token(1), "/api/v1/queues").await.problem(401, "unauthenticated");
    assert!(!unknown.raw.contains("el_0"), "{unknown:?}");
    // Two ways to write the same, and one that has no form a text could have.
    let shown = format!("bearer {}", guarded.admin);
    Reply::of(guarded.lab.request("GET", "/api/v1/tokens").header("authorization", shown)).await.expect(200);
    let raw = reqwest::header::HeaderValue::from_bytes(b"Bearer \xff").expect("a value");
    Reply::of(guarded.lab.request("GET", "/api/v1/queues").header("authorization", raw))
        .await
        .problem(401, "unauthenticated");
    guarded.lab.get("/healthz").await.expect(200);
    guarded.lab.get("/readyz").await.expect(200);

    let metrics = guarded.get(&guarded.admin, "/metrics").await.expect(200).raw;
    for (reason, count) in [("missing", 1), ("malformed", others.len() + 1), ("unknown", 1)] {
        let line = format!("eventlease_authentication_failures_total{{reason=\"{reason}\"}} {count}");
        assert!(metrics.contains(&line), "{line} is not in {metrics}");
    }
}

#[tokio::test]
async fn an_address_that_guesses_has_to_wait_and_holds_up_nobody_with_a_good_token() {
    let flags = ["--max-failed-attempts", "3", "--trusted-proxy", "127.0.0.0/8,10.0.0.1"];
    let guarded = Guarded::start_with(&flags).await;
    let from = async |address: &str, token: &str| {
        let request = guarded.lab.request("GET", "/api/v1/tokens").bearer_auth(token);
        Reply::of(request.header("x-forwarded-for", format!("127.0.0.1, {address}, 10.0.0.1"))).await
    };
    for number in 0..3 {
        from("192.0.2.1", &unknown_token(number)).await.problem(401, "unauthenticated");
    }
    let limited = from("192.0.2.1", &unknown_token(4)).await.problem(429, "rate_limited");
    let wait: u32 = limited.header("retry-after").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{limited:?}");
    from("192.0.2.1", "el_short").await.problem(429, "rate_limited");
    from("192.0.2.1", &guarded.admin).await.expect(200);
    from("192.0.2.2", &unknown_token(5)).await.problem(401, "unauthenticated");
    // Who shows none at all guesses nothing.
    guarded.lab.get("/api/v1/tokens").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn whoever_is_no_trusted_proxy_speaks_for_itself() {
    let guarded = Guarded::start_with(&["--max-failed-attempts", "2"]).await;
    for number in 0..3 {
        let request = guarded.lab.request("GET", "/api/v1/tokens").bearer_auth(unknown_token(number));
        let reply = Reply::of(request.header("x-forwarded-for", format!("192.0.2.{number}"))).await;
        assert_eq!(reply.status, if number < 2 { 401 } else { 429 }, "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_that_do_not_exist_share_a_few_readings_of_the_database() {
    let guarded = Guarded::start_with(&["--max-failed-attempts", "100000"]).await;
    let readings = async || {
        let text = guarded.get(&guarded.admin, "/metrics").await.expect(200).raw;
        let line = text.lines().find_map(|line| line.strip_prefix("eventlease_token_readings_total "));
        line.and_then(|count| count.parse::<f64>().ok()).expect("a count")
    };
    let (before, started) = (readings().await, Instant::now());
    let guesses: Vec<String> = (0..300).map(unknown_token).collect();
    let replies = join_all(guesses.iter().map(|token| guarded.get(token, "/api/v1/queues"))).await;
    assert!(replies.iter().all(|reply| reply.status == 401), "{replies:?}");
    let most = started.elapsed().as_secs_f64() / 0.2 + 2.0;
    let count = readings().await - before;
    assert!((1.0..=most).contains(&count), "{count} readings, {most} allowed");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_token_reaches_the_log() {
    use sqlx::ConnectOptions as _;
    let lab = Lab::start().await;
    let file = TokenFile::new();
    let url = lab.db.connect_options().to_url_lossy().to_string();
    let mut program = Program::serve(&[
        "--listen",
        "127.0.0.1:0",
        "--database-url",
        &url,
        "--auth",
        "required",
        "--admin-token-file",
        file.path(),
        "--log",
        "trace",
        "--log-format",
        "json",
    ]);
    let admin = file.read();
    let at = |path: &str| format!("{}{path}", program.url);
    let body = json!({"name": "shop", "role": "orchestrator"});
    let made = Reply::of(lab.request("POST", &at("/api/v1/tokens")).bearer_auth(&admin).json(&body)).await.expect(201);
    let token = made.text("token");
    let engine = json!({"engine_type": "dialogue"});
    let registered =
        Reply::of(lab.request("POST", &at("/api/v1/engines")).bearer_auth(&token).json(&engine)).await.expect(201);
    let guess = unknown_token(7);
    Reply::of(lab.request("GET", &at("/api/v1/tokens")).bearer_auth(&guess)).await.problem(401, "unauthenticated");
    program.signal("TERM");
    let ended = program.wait();
    assert!(ended.stderr.contains("answered"), "nothing was logged of requests");
    for secret in [admin, token, registered.text("engine_token"), guess] {
        let digits = secret.strip_prefix("el_").expect("the prefix");
        assert!(!ended.stderr.contains(digits) && !ended.stdout.contains(digits), "the log has a token");
    }
}

#[tokio::test]
async fn what_is_to_be_open_is_open_and_nothing_else() {
    let guarded = Guarded::start_with(&["--open-metrics", "--open-docs"]).await;
    for path in ["/metrics", "/docs", "/docs/redoc.standalone.js", "/api/v1/openapi.json"] {
        guarded.lab.get(path).await.expect(200);
    }
    let document = guarded.lab.get("/api/v1/openapi.json").await.expect(200).body;
    assert_eq!(document["paths"]["/metrics"]["get"]["security"], json!([]));
    assert_eq!(document["paths"]["/api/v1/queues"]["get"]["security"], json!([{"token": []}]));
    guarded.lab.get("/api/v1/queues").await.problem(401, "unauthenticated");

    let closed = Guarded::start().await;
    for path in ["/metrics", "/docs", "/docs/redoc.standalone.js", "/api/v1/openapi.json"] {
        closed.lab.get(path).await.problem(401, "unauthenticated");
        closed.get(&closed.admin, path).await.expect(200);
    }
}
