//! What the command line prints when something is wrong with the request, the server, or the network.

use serde_json::json;
use tokio::net::TcpListener;

use super::stranger::{Endless, Stranger};
use super::{ask, ask_at, assert_harmless, printed, refused};
use crate::cli::program::run_beside;
use crate::support::{Lab, unknown_id};

#[tokio::test(flavor = "multi_thread")]
async fn problems_are_told_with_the_bad_fields() {
    let lab = Lab::start().await;
    let told = refused(ask(&lab, "events --status lost --engine-type a/b --created-after yesterday").await);
    assert!(told.starts_with("eventlease: The request has errors: 3 places"), "{told}");
    for field in
        ["\n  status: must be queued", "\n  engine_type: has the character", "\n  created_after: must be a time"]
    {
        assert!(told.contains(field), "{field}: {told}");
    }
    let told = refused(ask(&lab, "dead-letters redrive --reason none --yes").await);
    assert!(told.contains("\n  filter.reason: must be retries_exhausted"), "{told}");
    let told = refused(ask(&lab, "queues nobody").await);
    assert!(told.contains("no queue nobody exists") && told.contains("(404 queue_not_found)"), "{told}");
    for command in ["engines", "events", "dead-letters show"] {
        let told = refused(ask(&lab, &format!("{command} {}", unknown_id())).await);
        assert!(told.contains("(404 "), "{command}: {told}");
    }
    let hostile = ["queues", "a\u{1b}[2J\u{9b}b", "--url", &lab.url].map(str::to_owned).to_vec();
    assert_harmless(&refused(run_beside(hostile).await));
    assert!(refused(ask(&lab, "resume ..").await).contains("cannot stand in a URL"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_cannot_be_reached_or_says_nothing_is_told() {
    for command in ["queues", "engines", "events", "dead-letters list", "pause dialogue"] {
        let told = refused(ask_at("http://127.0.0.1:1", command).await);
        assert!(told.contains("http://127.0.0.1:1/ cannot be reached: Connection refused"), "{command}: {told}");
    }
    let told = refused(ask_at("http://me:hush-hush@127.0.0.1:1", "queues").await);
    assert!(!told.contains("hush-hush"), "{told}");

    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", silent.local_addr().expect("an address"));
    let with_tls = url.replace("http:", "https:");
    let (reading, changing, handshake) = tokio::join!(
        ask_at(&url, "queues --timeout-seconds 1"),
        ask_at(&url, "resume dialogue --timeout-seconds 1"),
        ask_at(&with_tls, "queues --timeout-seconds 1")
    );
    for (ended, told) in
        [(reading, "did not answer within 1 s"), (changing, "whether it was done is not known"), (handshake, " 1 s")]
    {
        assert!(ended.stderr.contains(told), "{ended:?}");
        drop(refused(ended));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_another_is_told_and_gets_no_token_of_a_redirect() {
    let replies = [
        ("/api/v1/queues", 502, "<html>\u{1b}[2J</html>".to_owned()),
        ("/api/v1/events", 200, "<html></html>".to_owned()),
        ("/api/v1/engines", 307, String::new()),
        ("/below/api/v1/engines", 200, "{\"items\":[],\"next_cursor\":null}".to_owned()),
    ];
    let stranger = Stranger::start(&replies).await;
    let told = refused(ask_at(&stranger.url, "queues").await);
    assert!(told.contains("answered 502, not as EventLease does"), "{told}");
    assert_harmless(&told);
    assert!(refused(ask_at(&stranger.url, "events").await).contains("something that this version does not understand"));
    let told = refused(ask_at(&stranger.url, "engines --token hush-hush").await);
    assert!(told.contains("answered 307") && told.contains("https://elsewhere/"), "{told}");
    assert!(!told.contains("hush-hush"), "{told}");
    assert!(refused(ask_at(&stranger.url, "engines --token hush\u{1}hush").await).contains("the token"));

    // Below a path, and with a token.
    let below = format!("{}/below/", stranger.url);
    assert_eq!(printed(ask_at(&below, "engines --json --token one").await), "{\"items\":[],\"next_cursor\":null}\n");
    let asked = stranger.asked();
    assert_eq!(asked[2], "GET /api/v1/engines Bearer hush-hush");
    assert_eq!(asked[3], "GET /below/api/v1/engines Bearer one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_use_is_told_before_anything_is_asked() {
    for command in ["queues --limit 0", "events --payload", "engines --nothing", "pause", "engines x --status active"] {
        let ended = ask_at("http://127.0.0.1:1", command).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{command}: {ended:?}");
    }
    for url in ["localhost:8080", "postgres://db", "http://127.0.0.1:1/?a=b"] {
        let ended = ask_at(url, "queues").await;
        assert_eq!(ended.code, Some(2), "{url}: {ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reply_without_an_end_is_not_read_to_its_end_and_a_long_error_is_not_printed_in_full() {
    let endless = Endless::start().await;
    for command in ["queues nobody", "events", "doctor", "pause dialogue", "dead-letters redrive --all --yes"] {
        let ended = ask_at(&endless.url, command).await;
        assert_eq!(ended.code, Some(1), "{command}: {ended:?}");
        let told = format!("{}{}", ended.stdout, ended.stderr);
        assert!(told.contains("answered with more than 64 MiB"), "{command}: {told}");
    }
    assert!(endless.most_read() < 100 << 20, "{} bytes were taken", endless.most_read());

    let long = "x".repeat(30 << 20);
    let problem = json!({
        "title": long, "status": 422, "detail": "y", "code": "invalid_input", "errors": vec![json!({"pointer": "/a", "detail": "z".repeat(5000)}); 1000],
    });
    let stranger = Stranger::start(&[
        ("/api/v1/queues", 422, problem.to_string()),
        ("/api/v1/events", 200, format!("\"{long}\"")),
        ("/readyz", 503, problem.to_string()),
    ])
    .await;
    for command in ["queues", "events", "doctor"] {
        let ended = ask_at(&stranger.url, command).await;
        assert_eq!(ended.code, Some(1), "{command}");
        let printed = ended.stdout.len() + ended.stderr.len();
        assert!((10..100_000).contains(&printed), "{command} printed {printed} bytes");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_without_an_end_are_bounded_together() {
    let item = json!({"event_id": "x".repeat(30 << 20)});
    let page = json!({"items": [item], "next_cursor": "again"});
    let stranger = Stranger::start(&[("/api/v1/events", 200, page.to_string())]).await;
    let told = refused(ask_at(&stranger.url, "events --limit 1000").await);
    assert!(told.contains("answered with more than 64 MiB"), "{told}");
    assert_eq!(stranger.asked().len(), 3);
}
