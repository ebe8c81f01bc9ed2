//! Sessions of browsers: begun with a token, shown as a cookie, ended with it.

use serde_json::{Value, json};

use super::{Guarded, TokenFile};
use crate::support::{Lab, Reply};

const SESSION: &str = "/api/v1/session";
const COOKIE: &str = "eventlease_session_";

/// A cookie as the browser keeps it: its name and value, and what was said beside.
struct Kept {
    pair: String,
    attributes: Vec<String>,
}

impl Kept {
    #[track_caller]
    fn of(reply: &Reply) -> Self {
        let set = reply.header("set-cookie");
        let mut parts = set.split(';').map(str::trim).map(str::to_owned);
        let pair = parts.next().expect("a cookie");
        assert!(pair.starts_with(COOKIE), "{set:?}");
        Self { pair, attributes: parts.collect() }
    }

    fn max_age(&self) -> u32 {
        let seconds = self.attributes.iter().find_map(|attribute| attribute.strip_prefix("Max-Age="));
        seconds.expect("a life").parse().expect("seconds")
    }
}

async fn begin(guarded: &Guarded, token: &str) -> Kept {
    Kept::of(&guarded.post(token, SESSION, &json!({})).await.expect(201))
}

/// As a page of the server has the browser ask.
async fn ask(guarded: &Guarded, cookie: &str, method: &str, path: &str) -> Reply {
    let request = guarded.lab.request(method, path).header("cookie", cookie);
    Reply::of(request.header("x-eventlease-dashboard", "1")).await
}

#[tokio::test]
async fn a_session_is_the_same_caller_for_some_hours() {
    let guarded = Guarded::start().await;
    let token = guarded.token("operator", json!({"name": "on call", "engine_types": ["dialogue"]})).await;
    let begun = guarded.post(&token, SESSION, &json!({})).await.expect(201);
    let kept = Kept::of(&begun);
    let (_, secret) = kept.pair.split_once('=').expect("a value");
    assert!(secret.starts_with("el_") && !begun.raw.contains(secret), "{begun:?}");
    assert_eq!(begun.header("cache-control"), "no-store");
    for attribute in ["HttpOnly", "SameSite=Strict"] {
        assert!(kept.attributes.iter().any(|known| known == attribute), "{:?}", kept.attributes);
    }
    for absent in ["Secure", "Path", "Domain"] {
        assert!(!kept.attributes.iter().any(|known| known.starts_with(absent)), "{:?}", kept.attributes);
    }
    assert!((12 * 3600 - 60..=12 * 3600).contains(&kept.max_age()));

    let read = ask(&guarded, &kept.pair, "GET", SESSION).await.expect(200).body;
    assert_eq!((&read["name"], &read["role"]), (&json!("on call"), &json!("operator")));
    assert_eq!((&read["engine_types"], &read["is_session"]), (&json!(["dialogue"]), &json!(true)));
    assert_eq!((&read["server"]["auth"], &read["expires_at"]), (&json!(true), &begun.body["expires_at"]));
    let operations: Vec<&str> =
        read["operations"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    assert!(operations.contains(&"pause_queue") && !operations.contains(&"create_token"), "{operations:?}");
    assert!(!operations.contains(&"list_event_types"), "a limited token may not: {operations:?}");

    guarded.enqueue(&token, "dialogue").await;
    ask(&guarded, &kept.pair, "GET", "/api/v1/queues/dialogue").await.expect(200);
    ask(&guarded, &kept.pair, "GET", "/api/v1/queues/chess").await.problem(403, "forbidden");
    ask(&guarded, &kept.pair, "POST", "/api/v1/queues/dialogue/pause").await.expect(200);
    let paused = guarded.get(&guarded.admin, "/api/v1/audit?action=pause_queue").await.expect(200);
    assert_eq!(paused.body["items"][0]["actor"], "on call");
    let listed = guarded.get(&guarded.admin, "/api/v1/tokens?role=operator").await.expect(200).body;
    assert_eq!(listed["items"][0]["session_of"], listed["items"][1]["token_id"]);
    assert_eq!(listed["items"][1]["session_of"], Value::Null);
}

#[tokio::test]
async fn a_cookie_counts_only_beside_the_header_that_other_sites_cannot_send() {
    let guarded = Guarded::start().await;
    let kept = begin(&guarded, &guarded.admin).await;
    for request in [
        guarded.lab.request("GET", SESSION).header("cookie", &kept.pair),
        guarded.lab.request("DELETE", SESSION).header("cookie", &kept.pair).header("x-eventlease-dashboard", "0"),
        // That of another installation on the same host.
        guarded
            .lab
            .request("GET", SESSION)
            .header("cookie", kept.pair.replacen(COOKIE, "eventlease_session_x", 1))
            .header("x-eventlease-dashboard", "1"),
    ] {
        let refused = Reply::of(request).await.problem(401, "unauthenticated");
        assert!(refused.text("detail").contains("X-EventLease-Dashboard: 1"), "{refused:?}");
    }
    let nothing = guarded.lab.get(SESSION).await.problem(401, "unauthenticated");
    assert!(!nothing.text("detail").contains("X-EventLease-Dashboard"), "{nothing:?}");
    ask(&guarded, &format!("theme=dark; {}; a=b", kept.pair), "GET", SESSION).await.expect(200);
    // A token that is shown as such is what counts.
    let reader = guarded.token("reader", json!({})).await;
    let both = guarded.lab.request("GET", SESSION).bearer_auth(&reader).header("cookie", &kept.pair);
    let told = Reply::of(both.header("x-eventlease-dashboard", "1")).await.expect(200);
    assert_eq!((&told.body["role"], &told.body["is_session"]), (&json!("reader"), &json!(false)));
    assert_eq!(told.body["expires_at"], Value::Null);
}

#[tokio::test]
async fn a_browser_that_came_by_tls_gets_a_cookie_for_tls_alone() {
    let guarded = Guarded::start().await;
    for (name, value, is_secure) in [
        ("origin", guarded.lab.url.clone(), false),
        ("origin", guarded.lab.url.replacen("http:", "https:", 1), true),
        ("x-forwarded-proto", "https".to_owned(), true),
    ] {
        let request = guarded.lab.request("POST", SESSION).bearer_auth(&guarded.admin).header(name, &value);
        let kept = Kept::of(&Reply::of(request.header("x-eventlease-dashboard", "1")).await.expect(201));
        assert_eq!(kept.attributes.iter().any(|known| known == "Secure"), is_secure, "{name}: {value}");
    }
}

#[tokio::test]
async fn a_session_ends_when_it_is_told_to_with_its_token_and_in_time() {
    let mut guarded = Guarded::start().await;
    let file = TokenFile::new();
    let other = guarded.lab.start_replica(&["--auth", "required", "--admin-token-file", file.path()]).await;
    let there = format!("{other}{SESSION}");
    let token = guarded.token("reader", json!({"name": "to be revoked", "expires_in_seconds": 1000})).await;
    let (first, second) = (begin(&guarded, &token).await, begin(&guarded, &token).await);
    assert!(first.max_age() <= 1000, "no longer than its token");
    for kept in [&first, &second] {
        ask(&guarded, &kept.pair, "GET", &there).await.expect(200);
    }
    let ended = ask(&guarded, &first.pair, "DELETE", SESSION).await.expect(204);
    let cleared = Kept::of(&ended);
    assert_eq!((cleared.max_age(), cleared.pair.ends_with('=')), (0, true));
    ask(&guarded, &first.pair, "GET", SESSION).await.problem(401, "unauthenticated");
    let ended_there = async |pair: &str| (ask(&guarded, pair, "GET", &there).await.status == 401).then_some(());
    guarded.lab.wait_for("the session to end there", async || ended_there(&first.pair).await).await;
    ask(&guarded, &second.pair, "GET", &there).await.expect(200);

    let listed = guarded.get(&guarded.admin, "/api/v1/tokens?name=to%20be%20revoked").await.expect(200).body;
    let items = listed["items"].as_array().expect("a list");
    let states: Vec<&str> = items.iter().filter_map(|item| item["state"].as_str()).collect();
    assert_eq!(states, ["active", "revoked", "active"]);
    let token_id = items[2]["token_id"].as_str().expect("an id");
    guarded.ask(&guarded.admin, "DELETE", &format!("/api/v1/tokens/{token_id}")).await.expect(204);
    ask(&guarded, &second.pair, "GET", SESSION).await.problem(401, "unauthenticated");
    guarded.lab.wait_for("the token's session to end there", async || ended_there(&second.pair).await).await;
}

#[tokio::test]
async fn what_is_no_session_ends_none_and_a_session_begins_none() {
    let guarded = Guarded::start().await;
    let kept = begin(&guarded, &guarded.admin).await;
    guarded.ask(&guarded.admin, "DELETE", SESSION).await.problem(404, "not_found");
    guarded.get(&guarded.admin, SESSION).await.expect(200);
    ask(&guarded, &kept.pair, "POST", SESSION).await.problem(403, "forbidden");
    let bad = guarded.post(&guarded.admin, &format!("{SESSION}?x=1"), &json!({"name": "me"})).await;
    assert_eq!(bad.problem(422, "invalid_input").places(), ["/name", "x"]);
    // Roles of programs have no sessions, but are told who they are.
    let (engine_id, engine) = guarded.register(&guarded.token("orchestrator", json!({})).await, "dialogue").await;
    for token in [&engine, &guarded.token("producer", json!({})).await] {
        guarded.post(token, SESSION, &json!({})).await.problem(403, "forbidden");
    }
    let told = guarded.get(&engine, SESSION).await.expect(200).body;
    assert_eq!((&told["engine_id"], &told["role"]), (&json!(engine_id), &json!("engine")));
}

#[tokio::test]
async fn a_token_has_twenty_sessions_and_the_oldest_makes_room() {
    let guarded = Guarded::start().await;
    let token = guarded.token("reader", json!({})).await;
    let oldest = begin(&guarded, &token).await;
    let next = begin(&guarded, &token).await;
    for _ in 2..20 {
        begin(&guarded, &token).await;
    }
    ask(&guarded, &oldest.pair, "GET", SESSION).await.expect(200);
    let latest = begin(&guarded, &token).await;
    ask(&guarded, &oldest.pair, "GET", SESSION).await.problem(401, "unauthenticated");
    for kept in [next, latest] {
        ask(&guarded, &kept.pair, "GET", SESSION).await.expect(200);
    }
}

#[tokio::test]
async fn guessing_sessions_is_limited_like_guessing_tokens() {
    let guarded = Guarded::start_with(&["--max-failed-attempts", "2"]).await;
    let kept = begin(&guarded, &guarded.admin).await;
    let (name, _) = kept.pair.split_once('=').expect("a name");
    for _ in 0..2 {
        ask(&guarded, &format!("{name}=el_{}", "0".repeat(64)), "GET", SESSION).await.problem(401, "unauthenticated");
    }
    ask(&guarded, &format!("{name}=el_{}", "0".repeat(64)), "GET", SESSION).await.problem(429, "rate_limited");
    guarded.post("el_wrong", SESSION, &json!({})).await.problem(429, "rate_limited");
    ask(&guarded, &kept.pair, "GET", SESSION).await.expect(200);
}

#[tokio::test]
async fn without_authentication_there_is_nothing_to_sign_in_to() {
    let lab = Lab::start().await;
    for reply in [lab.get(SESSION).await.expect(200), lab.post(SESSION, &json!({})).await.expect(200)] {
        assert_eq!(reply.header("set-cookie"), "");
        assert_eq!((&reply.body["name"], &reply.body["role"]), (&Value::Null, &Value::Null));
        assert_eq!(reply.body["server"]["auth"], false);
        let operations = reply.body["operations"].as_array().expect("a list");
        assert!(operations.contains(&json!("pause_queue")) && !operations.contains(&json!("create_token")));
    }
    lab.delete(SESSION).await.problem(404, "not_found");
    let cross = lab.request("POST", SESSION).header("origin", "http://elsewhere.example").json(&json!({}));
    Reply::of(cross).await.problem(403, "cross_site_refused");
}
