//! The first admin's token: made once, by one of many, into a file that nobody else can read.

use std::os::unix::fs::PermissionsExt;

use eventlease::app::Server;
use sqlx::ConnectOptions;

use super::TokenFile;
use crate::cli::program::{Program, run_serve};
use crate::support::{Lab, Reply, config};

fn url_of(lab: &Lab) -> String {
    lab.db.connect_options().to_url_lossy().to_string()
}

#[tokio::test]
async fn replicas_that_start_together_make_one_token() {
    let lab = Lab::start().await;
    let url = url_of(&lab);
    let files: Vec<TokenFile> = (0..3).map(|_| TokenFile::new()).collect();
    let configs = files.iter().map(|file| config(&url, &["--auth", "required", "--admin-token-file", file.path()]));
    let configs: Vec<_> = configs.collect();
    let servers: Vec<Server> = futures_util::future::join_all(configs.iter().map(Server::start))
        .await
        .into_iter()
        .map(|server| server.expect("it starts"))
        .collect();
    let written: Vec<&TokenFile> = files.iter().filter(|file| file.0.exists()).collect();
    assert_eq!(written.len(), 1);
    let mode = std::fs::metadata(&written[0].0).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let token = written[0].read();
    for server in &servers {
        let path = format!("http://{}/api/v1/tokens", server.address);
        let listed = Reply::of(lab.request("GET", &path).bearer_auth(&token)).await.expect(200);
        assert_eq!(listed.body["items"].as_array().expect("a list").len(), 1);
        assert_eq!(listed.body["items"][0]["created_by"], "first start");
    }
    for server in servers {
        server.stop().await.expect("it stops");
    }

    // Not at the second start, also where the token is gone.
    let file = TokenFile::new();
    lab.sql("delete from eventlease.tokens").await;
    let again = Server::start(&config(&url, &["--auth", "required", "--admin-token-file", file.path()]))
        .await
        .expect("it starts");
    again.stop().await.expect("it stops");
    assert!(!file.0.exists());
}

#[tokio::test]
async fn what_cannot_be_written_is_not_made_and_a_file_that_is_there_is_kept() {
    let lab = Lab::start().await;
    let url = url_of(&lab);
    let refused =
        Server::start(&config(&url, &["--auth", "required", "--admin-token-file", "/proc/no/such/file"])).await;
    let error = refused.expect_err("it does not start");
    assert!(error.to_string().contains("/proc/no/such/file"), "{error}");
    let count: i64 =
        sqlx::query_scalar("select count(*) from eventlease.tokens").fetch_one(&lab.db).await.expect("a count");
    assert_eq!(count, 0);

    let file = TokenFile::new();
    std::fs::write(&file.0, "el_of_another_database").expect("written");
    let server = Server::start(&config(&url, &["--auth", "required", "--admin-token-file", file.path()]))
        .await
        .expect("it starts");
    let path = format!("http://{}/api/v1/tokens", server.address);
    Reply::of(lab.request("GET", &path).bearer_auth(file.read())).await.expect(200);
    server.stop().await.expect("it stops");
    let mode = std::fs::metadata(&file.0).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let old = TokenFile(format!("{}.old", file.path()).into());
    assert_eq!(old.read(), "el_of_another_database");

    // Only one is kept.
    let (next, token) = (Lab::start().await, file.read());
    let refused =
        Server::start(&config(&url_of(&next), &["--auth", "required", "--admin-token-file", file.path()])).await;
    let error = refused.expect_err("it does not start");
    let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(format!("{error}: {cause}").contains(old.path()), "{error}: {cause}");
    assert_eq!((file.read(), old.read().as_str()), (token, "el_of_another_database"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_admin_made_by_hand_is_the_first() {
    let lab = Lab::start().await;
    let create = ["token", "create", "--name", "me", "--role", "admin", "--database-url", &url_of(&lab)];
    let made = crate::cli::program::run_beside(create.map(str::to_owned).to_vec()).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    let file = TokenFile::new();
    let flags = ["--auth", "required", "--admin-token-file", file.path()];
    let server = Server::start(&config(&url_of(&lab), &flags)).await.expect("it starts");
    server.stop().await.expect("it stops");
    assert!(!file.0.exists());
}

#[tokio::test]
async fn an_admin_that_has_ended_is_none() {
    let lab = Lab::start().await;
    for (name, ended) in [("revoked", "revoked_at"), ("expired", "expires_at")] {
        lab.sql(&format!(
            "insert into eventlease.tokens (token_id, name, role, sha256, created_by, {ended})
             values (gen_random_uuid(), '{name}', 'admin', sha256('{name}'), 'a test', now())"
        ))
        .await;
    }
    let file = TokenFile::new();
    let flags = ["--auth", "required", "--admin-token-file", file.path()];
    let server = Server::start(&config(&url_of(&lab), &flags)).await.expect("it starts");
    server.stop().await.expect("it stops");
    assert!(file.0.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_loopback_tokens_are_required_unless_told_otherwise() {
    let lab = Lab::start().await;
    let url = url_of(&lab);
    let everywhere = ["--listen", "0.0.0.0:0", "--database-url", &url];
    let ended = run_serve(&[&everywhere[..], &["--admin-token-file", "/proc/no/such/file"]].concat());
    assert!(ended.code == Some(1) && ended.stderr.contains("--admin-token-file"), "{ended:?}");
    let mut open = Program::serve(&[&everywhere[..], &["--auth", "off", "--trusted-proxy", "192.0.2.1"]].concat());
    let here = open.url.replace("0.0.0.0", "127.0.0.1");
    lab.get(&format!("{here}/api/v1/queues")).await.expect(200);
    open.signal("TERM");
    let said = open.wait().stderr;
    assert!(said.contains("authentication is off: ") && said.contains("proxies are trusted and"), "{said}");
}

#[tokio::test]
async fn a_token_that_the_deployment_brings_is_the_first_admins() {
    let lab = Lab::start().await;
    let url = url_of(&lab);
    let token = format!("el_{}", "0f".repeat(32));
    let (brought, unwritten) = (TokenFile::new(), TokenFile::new());
    let flags =
        ["--auth", "required", "--admin-token-from-file", brought.path(), "--admin-token-file", unwritten.path()];
    let start = async || Server::start(&config(&url, &flags)).await;
    // Nothing of what is no token is shown, and nothing is made.
    for bad in ["", "hush-hush", &token[..40], &format!("{token}\n{token}"), &token.to_uppercase()] {
        std::fs::write(&brought.0, bad).expect("written");
        let error = start().await.expect_err("it does not start").to_string();
        assert!(error.contains("--admin-token-from-file") && error.contains(brought.path()), "{error}");
        assert!(!error.contains("hush") && !error.contains("0f0f") && !error.contains("0F0F"), "{error}");
    }
    std::fs::remove_file(&brought.0).expect("it was there");
    assert!(start().await.expect_err("it does not start").to_string().contains("cannot be read"));
    let count: i64 =
        sqlx::query_scalar("select count(*) from eventlease.tokens").fetch_one(&lab.db).await.expect("a count");
    assert_eq!(count, 0);

    std::fs::write(&brought.0, format!("{token}\n")).expect("written");
    let (first, second) = tokio::join!(start(), start());
    for server in [first.expect("it starts"), second.expect("so does the other"), start().await.expect("and again")] {
        let path = format!("http://{}/api/v1/tokens", server.address);
        let listed = Reply::of(lab.request("GET", &path).bearer_auth(&token)).await.expect(200);
        let items = listed.body["items"].as_array().expect("a list").clone();
        assert_eq!(
            (items.len(), &items[0]["role"], &items[0]["created_by"]),
            (1, &"admin".into(), &"first start".into())
        );
        server.stop().await.expect("it stops");
    }
    assert!(!unwritten.0.exists());

    // Another one later makes no second admin.
    std::fs::write(&brought.0, format!("el_{}", "1e".repeat(32))).expect("written");
    start().await.expect("it starts").stop().await.expect("it stops");
    let count: i64 =
        sqlx::query_scalar("select count(*) from eventlease.tokens").fetch_one(&lab.db).await.expect("a count");
    assert_eq!(count, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_brought_and_has_ended_is_told_at_every_start() {
    let lab = Lab::start().await;
    let url = url_of(&lab);
    let brought = TokenFile::new();
    std::fs::write(&brought.0, format!("el_{}", "2d".repeat(32))).expect("written");
    let place = ["--listen", "127.0.0.1:0", "--database-url", &url];
    let start = || {
        let mut program =
            Program::serve(&[&place[..], &["--auth", "required", "--admin-token-from-file", brought.path()]].concat());
        program.signal("TERM");
        program.wait().stderr
    };
    assert!(start().contains("is the first admin's now"));
    for (change, is_told) in [
        ("expires_at = now() + interval '1 hour'", false),
        ("expires_at = now() - interval '1 second'", true),
        ("expires_at = null, revoked_at = now()", true),
    ] {
        lab.sql(&format!("update eventlease.tokens set {change}")).await;
        let said = start();
        assert_eq!(said.contains("the token in this file is not used"), is_told, "{change}: {said}");
    }
}
