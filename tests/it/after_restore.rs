//! `eventlease after-restore`: what a restored database holds of the time before is ended.

use eventlease::app::Server;
use serde_json::{Value, json};
use sqlx::ConnectOptions;

use crate::cli::program::{Ended, Program, run_beside};
use crate::support::{Lab, Reply, config};
use crate::trust::{Guarded, TokenFile};

fn url_of(lab: &Lab) -> String {
    lab.db.connect_options().to_url_lossy().to_string()
}

/// The database's time, as the flag takes it.
async fn now(lab: &Lab) -> String {
    let now: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select clock_timestamp()").fetch_one(&lab.db).await.expect("a time");
    now.to_rfc3339()
}

/// Lets the latest sign of a server be from eleven seconds ago.
async fn age_sign(lab: &Lab) {
    lab.sql("update eventlease.service_signs set last_sign_at = statement_timestamp() - interval '11 seconds'").await;
}

async fn after_restore(lab: &Lab, older_than: &str, more: &[&str]) -> Ended {
    let url = url_of(lab);
    let fixed = ["after-restore", "--database-url", &url, "--older-than", older_than];
    run_beside(fixed.iter().chain(more).map(|word| (*word).to_owned()).collect()).await
}

#[track_caller]
fn is_said(ended: &Ended, lines: &[&str]) {
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert_eq!(ended.stdout.lines().collect::<Vec<_>>(), lines, "{ended:?}");
}

const ADMIN_IS_MISSING: &str = "no admin's token is left: the next `eventlease serve` with authentication writes a new one to the \
    file of --admin-token-file, or takes the one in the file of --admin-token-from-file";
const NOTHING: [&str; 3] = [
    "ended 0 leases: 0 events are due at once, 0 are cancelled as asked before",
    "revoked 0 tokens and 0 sessions",
    "marked 0 engines as unresponsive until they call",
];

#[tokio::test(flavor = "multi_thread")]
async fn leases_tokens_and_sessions_of_before_end_and_a_new_admin_is_made() {
    let mut guarded = Guarded::start().await;
    let operator = guarded.token("operator", json!({})).await;
    guarded.post(&operator, "/api/v1/session", &json!({})).await.expect(201);
    let scripts = guarded.token("orchestrator", json!({})).await;
    let (engine_id, engine) = guarded.register(&scripts, "dialogue").await;
    let (kept, cancelled) = (guarded.enqueue(&scripts, "dialogue").await, guarded.enqueue(&scripts, "dialogue").await);
    let leased = [guarded.lease_one(&engine, "dialogue").await, guarded.lease_one(&engine, "dialogue").await];
    let stale = leased.into_iter().find(|event| event["event_id"] == kept.as_str()).expect("both are leased");
    guarded.ask(&scripts, "POST", &format!("/api/v1/events/{cancelled}/cancel")).await.expect(202);
    guarded.lab.stop().await;
    age_sign(&guarded.lab).await;
    let lab = &guarded.lab;
    let before = now(lab).await;

    let counts = async || -> (i64, i64) {
        let both = "select (select count(*) from eventlease.event_leases),
            (select count(*) from eventlease.tokens where revoked_at is null)";
        sqlx::query_as(both).fetch_one(&lab.db).await.expect("counts")
    };
    let dry = after_restore(lab, &before, &["--dry-run"]).await;
    is_said(
        &dry,
        &[
            "would end 2 leases: 1 event is due at once, 1 is cancelled as asked before",
            // The admin's, the operator's, the orchestrator's, and the engine's.
            "would revoke 4 tokens and 1 session",
            "would mark 1 engine as unresponsive until they call",
            ADMIN_IS_MISSING,
        ],
    );
    assert_eq!(counts().await, (2, 5));
    let done = after_restore(lab, &before, &[]).await;
    is_said(
        &done,
        &[
            "ended 2 leases: 1 event is due at once, 1 is cancelled as asked before",
            "revoked 4 tokens and 1 session",
            "marked 1 engine as unresponsive until they call",
            ADMIN_IS_MISSING,
        ],
    );
    assert_eq!(counts().await, (0, 0));
    let again = after_restore(lab, &before, &[]).await;
    is_said(&again, &[NOTHING[0], NOTHING[1], NOTHING[2], ADMIN_IS_MISSING]);

    let file = TokenFile::new();
    let server = Server::start(&config(&url_of(lab), &["--auth", "required", "--admin-token-file", file.path()]))
        .await
        .expect("it starts");
    let (url, admin) = (format!("http://{}", server.address), file.read());
    let ask = |token: &str, method: &str, path: &str| {
        Reply::of(lab.request(method, &format!("{url}{path}")).bearer_auth(token))
    };
    for token in [&guarded.admin, &operator, &scripts, &engine] {
        ask(token, "GET", "/api/v1/session").await.problem(401, "unauthenticated");
    }
    let body = json!({"name": "scripts of now", "role": "orchestrator"});
    let made = lab.request("POST", &format!("{url}/api/v1/tokens")).bearer_auth(&admin).json(&body);
    let scripts = Reply::of(made).await.expect(201).text("token");
    let seen = ask(&scripts, "GET", &format!("/api/v1/engines/{engine_id}")).await.expect(200).body;
    assert_eq!(seen["status"], "unresponsive");
    let event = ask(&scripts, "GET", &format!("/api/v1/events/{kept}")).await.expect(200).body;
    assert_eq!((&event["status"], &event["is_suspect"]), (&json!("queued"), &json!(false)));
    let spent: (i32, i32, i32) = sqlx::query_as("select failures, lease_losses, releases from eventlease.event_queue")
        .fetch_one(&lab.db)
        .await
        .expect("one event waits");
    assert_eq!(spent, (0, 0, 0));
    let attempts = ask(&scripts, "GET", &format!("/api/v1/events/{kept}/attempts")).await.expect(200).body;
    let attempt = &attempts["items"][0];
    assert_eq!(
        (&attempt["outcome"], &attempt["reason"]),
        (&json!("released"), &json!("ended by eventlease after-restore"))
    );
    let other = ask(&scripts, "GET", &format!("/api/v1/events/{cancelled}")).await.expect(200).body;
    assert_eq!(other["status"], "cancelled");
    let audit = ask(&admin, "GET", "/api/v1/audit?actor=after-restore").await.expect(200).body;
    let entries = audit["items"].as_array().expect("a list");
    assert!(entries.len() == 4 && entries.iter().all(|entry| entry["action"] == "revoke_token"), "{audit}");

    // An engine of now gets the event; what the one of before reports comes too late.
    let body = json!({"engine_type": "dialogue", "engine_id": engine_id});
    let registration = lab.request("POST", &format!("{url}/api/v1/engines")).bearer_auth(&scripts).json(&body);
    let engine = Reply::of(registration).await.expect(200).text("engine_token");
    let settle = |token: &Value| {
        let body = json!({"status": "completed", "lease_token": token});
        let path = format!("{url}/api/v1/events/{kept}/status");
        Reply::of(lab.request("PUT", &path).bearer_auth(&engine).json(&body))
    };
    settle(&stale["lease"]["lease_token"]).await.problem(409, "already_settled");
    let polled = ask(&engine, "GET", "/api/v1/events/queue/dialogue?wait_seconds=10").await.expect(200).body;
    let fresh = &polled["events"][0];
    assert_eq!((&fresh["event_id"], &fresh["attempt"]), (&json!(kept), &json!(2)), "{polled}");
    settle(&fresh["lease"]["lease_token"]).await.expect(200);
    server.stop().await.expect("it stops");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_younger_stays() {
    let mut guarded = Guarded::start().await;
    let before = now(&guarded.lab).await;
    // The first admin's token is older, and what it begins ends with it.
    let admin = guarded.token("admin", json!({"name": "younger"})).await;
    guarded.post(&guarded.admin, "/api/v1/session", &json!({})).await.expect(201);
    guarded.post(&admin, "/api/v1/session", &json!({})).await.expect(201);
    let body = json!({"name": "scripts", "role": "orchestrator"});
    let scripts = guarded.post(&admin, "/api/v1/tokens", &body).await.expect(201).text("token");
    let (_, engine) = guarded.register(&scripts, "dialogue").await;
    guarded.enqueue(&scripts, "dialogue").await;
    guarded.lease_one(&engine, "dialogue").await;
    guarded.lab.stop().await;
    age_sign(&guarded.lab).await;
    for (flags, revoked) in [(&["--dry-run"][..], "would revoke"), (&[], "revoked")] {
        let done = after_restore(&guarded.lab, &before, flags).await;
        assert_eq!(done.stdout.lines().nth(1), Some(format!("{revoked} 1 token and 1 session").as_str()), "{done:?}");
        for line in [0, 2] {
            let number = done.stdout.lines().nth(line).expect("three lines");
            assert!(number.contains(" 0 leases: ") || number.contains(" 0 engines "), "{done:?}");
        }
        assert!(!done.stdout.contains("no admin"), "{done:?}");
    }
    let file = TokenFile::new();
    let flags = ["--auth", "required", "--admin-token-file", file.path()];
    let server = Server::start(&config(&url_of(&guarded.lab), &flags)).await.expect("it starts");
    let path = format!("http://{}/api/v1/tokens", server.address);
    Reply::of(guarded.lab.request("GET", &path).bearer_auth(&admin)).await.expect(200);
    Reply::of(guarded.lab.request("GET", &path).bearer_auth(&guarded.admin)).await.expect(401);
    server.stop().await.expect("it stops");
    assert!(!file.0.exists(), "an admin is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn it_is_refused_while_a_server_runs_of_a_time_to_come_and_of_another_schema() {
    let mut lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    let before = now(&lab).await;
    for flags in [&[][..], &["--dry-run"]] {
        let refused = after_restore(&lab, &before, flags).await;
        assert_eq!(refused.code, Some(1), "{refused:?}");
        assert!(refused.stderr.contains("a server is running on this database, or was 0 s ago"), "{refused:?}");
        assert!(refused.stderr.contains("wait 10 seconds"), "{refused:?}");
    }
    lab.stop().await;
    age_sign(&lab).await;
    let refused = after_restore(&lab, "2999-01-01T00:00:00Z", &[]).await;
    assert!(refused.code == Some(1) && refused.stderr.contains("in the future"), "{refused:?}");
    for (time, problem) in [("yesterday", "RFC 3339"), ("2026-05-04 12:30", "RFC 3339"), ("", "RFC 3339")] {
        let refused = after_restore(&lab, time, &[]).await;
        assert!(refused.code == Some(2) && refused.stderr.contains(problem), "{refused:?}");
    }
    let held: i64 =
        sqlx::query_scalar("select count(*) from eventlease.event_leases").fetch_one(&lab.db).await.expect("a count");
    assert_eq!(held, 1);

    lab.sql("delete from eventlease.migrations where version = (select max(version) from eventlease.migrations)").await;
    let refused = after_restore(&lab, &before, &[]).await;
    assert!(refused.code == Some(1) && refused.stderr.contains("run `eventlease migrate` first"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_one_transaction_changes_is_done_in_several() {
    let mut lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event = json!({"engine_type": "dialogue", "event_type": "e", "payload": 1});
    for count in [1000, 2] {
        let body = json!({"events": vec![event.clone(); count]});
        lab.post("/api/v1/events/batch", &body).await;
    }
    lab.wait_for("all to be leased", async || {
        lab.poll("dialogue", &engine, "limit=100").await.expect(200);
        let held: i64 = sqlx::query_scalar("select count(*) from eventlease.event_leases")
            .fetch_one(&lab.db)
            .await
            .expect("a count");
        (held == 1002).then_some(())
    })
    .await;
    lab.stop().await;
    age_sign(&lab).await;
    // More tokens than one transaction revokes, and a session whose token is gone.
    lab.sql(
        "insert into eventlease.tokens (token_id, name, role, sha256, created_by, session_of, expires_at)
         select gen_random_uuid(), 'a token', 'reader', sha256(n::text::bytea), 'a test',
            case when n > 1001 then gen_random_uuid() end, statement_timestamp() + interval '1 hour'
         from generate_series(1, 1002) n",
    )
    .await;
    lab.sql(
        "insert into eventlease.engine_states (engine_id, engine_type, metadata, registered_at, last_seen_at)
         select gen_random_uuid(), 'dialogue', '{}', statement_timestamp(), statement_timestamp()
         from generate_series(1, 1000)",
    )
    .await;
    let before = now(&lab).await;
    let counts = "1002 leases: 1002 events are due at once, 0 are cancelled as asked before";
    for (flags, [end, revoke, mark]) in
        [(&["--dry-run"][..], ["would end", "would revoke", "would mark"]), (&[], ["ended", "revoked", "marked"])]
    {
        is_said(
            &after_restore(&lab, &before, flags).await,
            &[
                &format!("{end} {counts}"),
                &format!("{revoke} 1001 tokens and 1 session"),
                &format!("{mark} 1001 engines as unresponsive until they call"),
            ],
        );
    }
    is_said(&after_restore(&lab, &before, &[]).await, &NOTHING);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_brought_stays_revoked_and_another_takes_its_place() {
    let mut lab = Lab::start().await;
    lab.stop().await;
    let (url, brought) = (url_of(&lab), TokenFile::new());
    let start = |token: &str| {
        std::fs::write(&brought.0, token).expect("written");
        let flags = ["--listen", "127.0.0.1:0", "--database-url", &url, "--auth", "required"];
        let mut program = Program::serve(&[&flags[..], &["--admin-token-from-file", brought.path()]].concat());
        program.signal("TERM");
        program.wait().stderr
    };
    let (first, second) = (format!("el_{}", "0f".repeat(32)), format!("el_{}", "1e".repeat(32)));
    assert!(start(&first).contains("is the first admin's now"));
    age_sign(&lab).await;
    let done = after_restore(&lab, &now(&lab).await, &[]).await;
    assert!(done.code == Some(0) && done.stdout.contains("--admin-token-from-file"), "{done:?}");
    for _ in 0..2 {
        let said = start(&first);
        assert!(said.contains("the token in this file is not used"), "{said}");
    }
    assert!(start(&second).contains("is the first admin's now"));
    let good: i64 = sqlx::query_scalar("select count(*) from eventlease.tokens where revoked_at is null")
        .fetch_one(&lab.db)
        .await
        .expect("a count");
    assert_eq!(good, 1);
}
