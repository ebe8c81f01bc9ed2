//! Who gets to the page, from where, and on which ways.

use super::{open, references};
use crate::support::{Lab, Reply};
use crate::trust::Guarded;

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const LINK: [(&str, &str); 3] =
    [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")];

async fn get(lab: &Lab, path: &str, headers: &[(&str, &str)]) -> Reply {
    let request = headers.iter().fold(lab.request("GET", path), |request, (name, value)| request.header(*name, *value));
    Reply::of(request).await
}

#[tokio::test]
async fn people_are_led_to_the_page_and_programs_are_told_that_nothing_is_there() {
    let lab = Lab::start().await;
    for path in ["/", "/dashboard"] {
        let led = get(&lab, path, &[("accept", BROWSER)]).await.expect(307);
        assert_eq!(
            (led.header("location").as_str(), led.header("cache-control").as_str()),
            ("dashboard/", "no-store"),
            "{path}"
        );
        let head = lab.request("HEAD", path).header("accept", BROWSER);
        assert_eq!(Reply::of(head).await.expect(307).header("location"), "dashboard/");
    }
    for accept in ["*/*", "application/json", "application/json, text/html;q=0.5"] {
        get(&lab, "/", &[("accept", accept)]).await.problem(404, "not_found");
    }
    lab.get("/").await.problem(404, "not_found");
    // By its name it is meant.
    lab.get("/dashboard").await.expect(307);
}

#[tokio::test]
async fn nobody_needs_a_token_for_the_files_and_a_bad_one_is_not_looked_at() {
    let guarded = Guarded::start_with(&["--max-failed-attempts", "1"]).await;
    let lab = &guarded.lab;
    let page = open(lab).await.raw;
    let wrong = format!("el_{}", "0".repeat(64));
    for _ in 0..3 {
        for path in ["/dashboard/".to_owned(), format!("/dashboard/{}", references(&page)[0])] {
            guarded.get(&wrong, &path).await.expect(200);
        }
    }
    // None of them was an attempt.
    guarded.get(&wrong, "/api/v1/queues").await.problem(401, "unauthenticated");
    guarded.get(&wrong, "/api/v1/queues").await.problem(429, "rate_limited");
    lab.get("/dashboard/nothing").await.problem(404, "not_found");
    get(lab, "/", &[("accept", BROWSER)]).await.expect(307);
    lab.get("/").await.problem(404, "not_found");
    // All else is as closed as before.
    lab.get("/docs").await.problem(401, "unauthenticated");
    lab.get("/dashboards").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn below_any_path_the_page_finds_its_files_and_the_interface_whether_a_proxy_strips_it_or_not() {
    let lab = Lab::start().await;
    for prefix in ["", "/eventlease", "/team/games/queue"] {
        let led = lab.get(&format!("{prefix}/dashboard")).await.expect(307);
        let base = url::Url::parse(&format!("{}{prefix}/dashboard", lab.url)).expect("a URL");
        let page = base.join(&led.header("location")).expect("a URL");
        assert_eq!(page.path(), format!("{prefix}/dashboard/"));
        let opened = lab.get(page.as_str()).await.expect(200).raw;
        for name in references(&opened) {
            lab.get(page.join(&name).expect("a URL").as_str()).await.expect(200);
        }
        for path in ["../api/v1/overview", "../api/v1/session", "../docs", "../docs/start.js"] {
            lab.get(page.join(path).expect("a URL").as_str()).await.expect(200);
        }
        let event = serde_json::json!({"engine_type": "dialogue", "event_type": "e", "payload": {}});
        let events = page.join("../api/v1/events").expect("a URL");
        lab.post(events.as_str(), &event).await.expect(201);
    }
    // What machines nearby ask for is at its own place alone.
    for path in ["/eventlease/healthz", "/eventlease/metrics", "/eventlease/api/v2/events", "/eventlease/nothing"] {
        lab.get(path).await.problem(404, "not_found");
    }
    // The rules of access are those of the path that is left.
    let guarded = Guarded::start().await;
    guarded.lab.get("/eventlease/api/v1/queues").await.problem(401, "unauthenticated");
    let reader = guarded.token("reader", serde_json::json!({})).await;
    guarded.get(&reader, "/eventlease/api/v1/queues").await.expect(200);
    guarded.get(&reader, "/eventlease/api/v1/tokens").await.problem(403, "forbidden");
}

#[tokio::test]
async fn switched_off_nothing_of_it_is_there() {
    let lab = Lab::start_with(&["--dashboard", "off"]).await;
    for path in [
        "/",
        "/dashboard",
        "/dashboard/",
        "/dashboard/a/0/main.js",
        "/eventlease/dashboard/",
        "/eventlease/api/v1/queues",
    ] {
        get(&lab, path, &[("accept", BROWSER)]).await.problem(404, "not_found");
    }
    lab.get("/docs").await.expect(200);
}

#[tokio::test]
async fn a_link_of_another_site_opens_the_page_and_nothing_else() {
    let lab = Lab::start().await;
    get(&lab, "/dashboard/", &LINK).await.expect(200);
    get(&lab, "/dashboard", &LINK).await.expect(307);
    get(&lab, "/", &[&LINK[..], &[("accept", BROWSER)]].concat()).await.expect(307);
    let main = references(&open(&lab).await.raw).into_iter().find(|name| name.ends_with("/main.js")).expect("a module");
    for path in
        ["/docs", "/api/v1/queues", "/api/v1/events/queue/dialogue", &format!("/dashboard/{main}"), "/dashboard/x"]
    {
        assert_eq!(get(&lab, path, &LINK).await.status, 403, "{path}");
    }
    // Not within another page, and not by a script of another site.
    for other in [
        [LINK[0], LINK[1], ("sec-fetch-dest", "iframe")],
        [LINK[0], ("sec-fetch-mode", "no-cors"), ("sec-fetch-dest", "document")],
        [LINK[0], ("sec-fetch-mode", "cors"), ("sec-fetch-dest", "empty")],
    ] {
        get(&lab, "/dashboard/", &other).await.problem(403, "cross_site_refused");
    }
    let host = [&LINK[..], &[("host", "evil.example")]].concat();
    get(&lab, "/dashboard/", &host).await.problem(421, "host_not_allowed");
}

/// Browsers send `Origin` with modules.
#[tokio::test]
async fn behind_a_proxy_that_changes_the_host_the_page_has_its_files() {
    let lab = Lab::start().await;
    let rewritten =
        [("origin", "https://queue.example"), ("host", "eventlease:8080"), ("sec-fetch-site", "same-origin")];
    for name in references(&open(&lab).await.raw) {
        get(&lab, &format!("/dashboard/{name}"), &rewritten).await.expect(200);
    }
    get(&lab, "/api/v1/queues", &rewritten).await.problem(403, "cross_site_refused");
    get(&lab, "/api/v1/queues", &[&rewritten[..], &[("x-eventlease-dashboard", "1")]].concat()).await.expect(200);
}

#[tokio::test]
async fn people_are_told_which_installation_they_look_at_and_how_long_it_keeps_things() {
    let flags = ["--installation-name", " Games, production ", "--retention-days", "7", "--audit-retention-days", "90"];
    let lab = Lab::start_with(&[&flags[..], &["--history-hours", "0"]].concat()).await;
    let told = lab.get("/api/v1/session").await.expect(200).body["installation"].clone();
    let expected = serde_json::json!({
        "name": "Games, production", "retention_days": 7, "audit_retention_days": 90, "history_hours": 0, "max_page_items": 200,
    });
    assert_eq!(told, expected);
    let unnamed = Lab::start_with(&["--installation-name", ""]).await;
    assert!(unnamed.get("/api/v1/session").await.expect(200).body["installation"]["name"].is_null());
}

#[tokio::test]
async fn however_many_files_are_asked_for_they_make_one_series_of_a_metric() {
    let lab = Lab::start().await;
    open(&lab).await;
    for path in ["/dashboard/a/0/main.js", "/dashboard/x", "/dashboard/x/y", "/eventlease/dashboard/z"] {
        lab.get(path).await.problem(404, "not_found");
    }
    let metrics = lab.get("/metrics").await.expect(200).raw;
    let of_page = metrics.lines().filter(|line| {
        line.starts_with("eventlease_http_request_duration_seconds_count") && line.contains("/dashboard")
    });
    let told: Vec<&str> = of_page.collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|line| line.contains("route=\"/dashboard/{*file}\"") && line.ends_with(" 4")), "{told:?}");
}
