//! Tokens made, used, revoked and forgotten; on one server, and seen from another; by HTTP, and from the command line.

use std::sync::Arc;

use eventlease::broker::known_tokens::TokenStatus;
use eventlease::domain::tokens::TokenSecret;
use serde_json::json;

use super::{Guarded, TokenFile};
use crate::cli::program::run_beside;
use crate::support::Reply;

#[tokio::test]
async fn a_token_made_or_revoked_here_is_known_to_other_replicas() {
    let mut guarded = Guarded::start().await;
    let file = TokenFile::new();
    let other = guarded.lab.start_replica(&["--auth", "required", "--admin-token-file", file.path()]).await;
    let token = guarded.token("reader", json!({})).await;
    // At once: what is not known is looked for.
    let there = format!("{other}/api/v1/queues");
    guarded.get(&token, &there).await.expect(200);
    let listed = guarded.get(&guarded.admin, "/api/v1/tokens?role=reader").await.expect(200);
    let token_id = listed.body["items"][0]["token_id"].as_str().expect("an id").to_owned();
    guarded.ask(&guarded.admin, "DELETE", &format!("/api/v1/tokens/{token_id}")).await.expect(204);
    guarded.get(&token, "/api/v1/queues").await.problem(401, "unauthenticated");
    guarded
        .lab
        .wait_for("the revocation to be known there", async || {
            (guarded.get(&token, &there).await.status == 401).then_some(())
        })
        .await;
    guarded.ask(&guarded.admin, "DELETE", &format!("/api/v1/tokens/{token_id}")).await.problem(404, "token_not_found");
}

/// As behind a pooler that cannot listen: nobody tells of it.
#[tokio::test]
async fn what_nobody_tells_of_is_read_all_the_same() {
    let guarded = Guarded::start().await;
    let token = guarded.token("reader", json!({})).await;
    guarded.get(&token, "/api/v1/queues").await.expect(200);
    guarded
        .lab
        .sql(
            "update eventlease.tokens set revoked_at = statement_timestamp(), changed_in = pg_current_xact_id()
             where role = 'reader'",
        )
        .await;
    guarded
        .lab
        .wait_for("the revocation to be read", async || {
            (guarded.get(&token, "/api/v1/queues").await.status == 401).then_some(())
        })
        .await;
}

#[tokio::test]
async fn what_was_committed_late_is_read_too() {
    let guarded = Guarded::start().await;
    let token = guarded.token("reader", json!({})).await;
    let mut slow = guarded.lab.db.begin().await.expect("a transaction");
    let revoke = "update eventlease.tokens set revoked_at = statement_timestamp(), changed_in = pg_current_xact_id()
                  where role = 'reader'";
    sqlx::query(revoke).execute(&mut *slow).await.expect("revoked");
    // Transactions that began later come first, and are read.
    let later = guarded.token("producer", json!({})).await;
    guarded.lab.broker().read_tokens().await.expect("a reading");
    guarded.get(&token, "/api/v1/queues").await.expect(200);
    guarded.get(&later, "/api/v1/events").await.expect(200);
    slow.commit().await.expect("the end");
    guarded.lab.broker().read_tokens().await.expect("a reading");
    guarded.get(&token, "/api/v1/queues").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_token_expires_by_itself() {
    let guarded = Guarded::start().await;
    let token = guarded.token("reader", json!({"expires_in_seconds": 1})).await;
    guarded
        .lab
        .wait_for("the token to expire", async || {
            let reply = guarded.get(&token, "/api/v1/queues").await;
            (reply.status == 401 && reply.text("detail").contains("expired")).then_some(())
        })
        .await;
    let listed = guarded.get(&guarded.admin, "/api/v1/tokens?role=reader").await.expect(200);
    assert_eq!(listed.body["items"][0]["state"], "expired");
}

#[tokio::test]
async fn the_last_use_is_written_now_and_then_and_what_has_ended_is_forgotten() {
    let guarded = Guarded::start().await;
    let (used, unused) = (guarded.token("reader", json!({})).await, guarded.token("producer", json!({})).await);
    guarded.get(&used, "/api/v1/queues").await.expect(200);
    let last_used = async |role: &str| {
        let listed = guarded.get(&guarded.admin, &format!("/api/v1/tokens?role={role}")).await.expect(200);
        listed.body["items"][0]["last_used_at"].clone()
    };
    assert!(last_used("reader").await.is_null());
    guarded.lab.broker().tend_tokens().await.expect("a round");
    assert!(last_used("reader").await.is_string() && last_used("producer").await.is_null());

    guarded.lab.sql("update eventlease.tokens set revoked_at = statement_timestamp() - interval '29 days' where role = 'reader'").await;
    guarded.lab.sql("update eventlease.tokens set expires_at = statement_timestamp() - interval '31 days' where role = 'producer'").await;
    assert_eq!(guarded.lab.broker().tend_tokens().await.expect("a round"), 1);
    let listed = guarded.get(&guarded.admin, "/api/v1/tokens").await.expect(200);
    let roles: Vec<&str> =
        listed.body["items"].as_array().expect("a list").iter().filter_map(|token| token["role"].as_str()).collect();
    assert_eq!(roles, ["reader", "admin"], "{unused}");
}

#[tokio::test]
async fn nothing_that_is_kept_or_listed_is_a_token() {
    let guarded = Guarded::start().await;
    let token = guarded.token("reader", json!({"name": "one"})).await;
    let listed = guarded.get(&guarded.admin, "/api/v1/tokens?name=one").await.expect(200);
    let digits = token.strip_prefix("el_").expect("the prefix");
    assert_eq!(digits.len(), 64);
    assert!(!listed.raw.contains(digits) && listed.body["items"][0].get("token").is_none(), "{listed:?}");
    let kept: Vec<String> =
        sqlx::query_scalar("select t::text from eventlease.tokens t").fetch_all(&guarded.lab.db).await.expect("rows");
    assert!(kept.len() == 2 && kept.iter().all(|row| !row.contains(digits)), "{kept:?}");
    let entries: Vec<String> =
        sqlx::query_scalar("select t::text from eventlease.audit t").fetch_all(&guarded.lab.db).await.expect("rows");
    assert!(entries.iter().all(|row| !row.contains(digits)), "{entries:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_line_makes_lists_and_revokes_tokens() {
    use sqlx::ConnectOptions as _;
    let guarded = Guarded::start().await;
    let run = async |place: &[&str], arguments: &str| {
        let arguments = ["token"].into_iter().chain(arguments.split(' ')).chain(place.iter().copied());
        run_beside(arguments.map(str::to_owned).collect()).await
    };
    let database = guarded.lab.db.connect_options().to_url_lossy().to_string();
    let by_server = ["--url", guarded.lab.url.as_str(), "--token", guarded.admin.as_str()];
    let by_database = ["--database-url", database.as_str()];
    for (name, place) in [("by-server", &by_server[..]), ("by-database", &by_database)] {
        let made = run(place, &format!("create --name {name} --role operator --engine-type dialogue,chess")).await;
        assert_eq!(made.code, Some(0), "{made:?}");
        let token = made.stdout.trim();
        assert!(token.starts_with("el_") && !made.stderr.contains(token), "{made:?}");
        guarded.get(token, "/api/v1/queues/dialogue").await.problem(404, "queue_not_found");
        guarded.get(token, "/api/v1/queues/other").await.problem(403, "forbidden");

        let listed = run(place, &format!("list --name {name}")).await;
        assert!(listed.stdout.contains("operator") && listed.stdout.contains("dialogue, chess"), "{listed:?}");
        let as_json = run(place, &format!("list --json --name {name}")).await;
        let page: serde_json::Value = serde_json::from_str(&as_json.stdout).expect("JSON");
        let token_id = page["items"][0]["token_id"].as_str().expect("an id");
        let revoked = run(place, &format!("revoke {token_id}")).await;
        assert!(revoked.code == Some(0) && revoked.stdout.contains(token_id), "{revoked:?}");
        guarded
            .lab
            .wait_for("the token to end", async || {
                (guarded.get(token, "/api/v1/queues").await.status == 401).then_some(())
            })
            .await;
        let again = run(place, &format!("revoke {token_id}")).await;
        assert!(again.code == Some(1) && again.stderr.contains("no token"), "{again:?}");
    }
    let wrong = run(&by_database, "create --name n --role registrar").await;
    assert!(wrong.code == Some(2) && wrong.stderr.contains("--engine-type"), "{wrong:?}");
    let stranger = run(&["--url", guarded.lab.url.as_str()], "list").await;
    assert!(stranger.code == Some(1) && stranger.stderr.contains("token"), "{stranger:?}");
    // Who only looks leaves no schema behind.
    let blank = format!("blank_{}", uuid::Uuid::new_v4().simple());
    guarded.lab.sql(&format!("create database {blank}")).await;
    let options = guarded.lab.db.connect_options().as_ref().clone().database(&blank);
    let url = options.to_url_lossy().to_string();
    for arguments in ["list".to_owned(), format!("revoke {}", crate::support::unknown_id())] {
        let refused = run(&["--database-url", &url], &arguments).await;
        assert!(refused.code == Some(1) && refused.stderr.contains("has no tokens"), "{refused:?}");
    }
    let mut connection = options.connect().await.expect("the database");
    let schemas: i64 = sqlx::query_scalar("select count(*) from pg_namespace where nspname = 'eventlease'")
        .fetch_one(&mut connection)
        .await
        .expect("a count");
    assert_eq!(schemas, 0);
    drop(connection);
    guarded.lab.sql(&format!("drop database {blank} with (force)")).await;
    let audit = guarded.get(&guarded.admin, "/api/v1/audit?actor=database").await.expect(200);
    assert_eq!(audit.body["items"].as_array().expect("a list").len(), 2);
}

#[tokio::test]
async fn without_authentication_tokens_are_neither_needed_nor_looked_at() {
    let lab = crate::support::Lab::start().await;
    let engine = lab.post("/api/v1/engines", &json!({"engine_type": "dialogue"})).await.expect(201);
    assert!(engine.body.get("engine_token").is_none());
    let request = lab.request("GET", "/api/v1/queues").bearer_auth("el_nonsense");
    Reply::of(request).await.expect(200);
    // Or anybody could make one that is good once it is switched on. By the database's address they can be made before.
    let refused = lab.post("/api/v1/tokens", &json!({"name": "n", "role": "admin"})).await.problem(403, "forbidden");
    assert!(refused.text("detail").contains("--database-url"), "{refused:?}");
    let unknown = format!("/api/v1/tokens/{}", crate::support::unknown_id());
    lab.delete(&unknown).await.problem(403, "forbidden");
    lab.get("/api/v1/tokens").await.expect(200);
}

/// As where a connection is gone without a word: the answer does not come.
#[tokio::test]
async fn a_reading_that_gets_no_answer_is_given_up() {
    let guarded = Guarded::start_with(&["--statement-timeout-seconds", "600"]).await;
    let token = guarded.token("reader", json!({})).await;
    let mut slow = guarded.lab.db.begin().await.expect("a transaction");
    sqlx::query("lock table eventlease.tokens in access exclusive mode").execute(&mut *slow).await.expect("locked");
    let unknown = format!("el_{:064x}", 1);
    guarded.get(&unknown, "/api/v1/queues").await.problem(503, "database_unavailable");
    guarded.get(&token, "/api/v1/queues").await.expect(200);
    slow.rollback().await.expect("the end");
    guarded.get(&unknown, "/api/v1/queues").await.problem(401, "unauthenticated");
}

#[tokio::test]
async fn a_reading_goes_on_for_others_where_its_caller_hangs_up() {
    let guarded = Guarded::start().await;
    let broker = guarded.lab.broker();
    let secret = TokenSecret::from_random_bytes([7; 32]);
    guarded
        .lab
        .sql(&format!(
            "insert into eventlease.tokens (token_id, name, role, sha256, created_by)
             values (gen_random_uuid(), 'n', 'reader', sha256('{}'), 'a test')",
            secret.reveal()
        ))
        .await;
    let mut slow = guarded.lab.db.begin().await.expect("a transaction");
    // The next readings begin together, a pause after this one.
    broker.read_tokens().await.expect("a reading");
    guarded
        .lab
        .sql("update eventlease.tokens set revoked_at = now(), changed_in = pg_current_xact_id() where name = 'n'")
        .await;
    sqlx::query("lock table eventlease.tokens in access exclusive mode").execute(&mut *slow).await.expect("locked");
    let read = || {
        let broker = Arc::clone(broker);
        tokio::spawn(async move { broker.read_tokens().await })
    };
    let (first, second) = (read(), read());
    guarded.lab.wait_for_a_blocked_server().await;
    first.abort();
    assert!(first.await.expect_err("no answer").is_cancelled());
    slow.rollback().await.expect("the end");
    second.await.expect("its end").expect("a reading");
    assert!(matches!(broker.known_token(&secret.digest()), Some(TokenStatus::Revoked)));
}
