//! What the command line prints when the token does not allow something; and the list of tokens without those of
//! engines.

use serde_json::{Value, json};

use super::{ask, ask_at, printed, printed_json, refused};
use crate::cli::program::run_beside;
use crate::support::Lab;
use crate::trust::Guarded;

async fn ask_with(guarded: &Guarded, token: &str, command: &str) -> crate::cli::program::Ended {
    let arguments = command.split_whitespace().chain(["--url", &guarded.lab.url, "--token", token]);
    run_beside(arguments.map(str::to_owned).collect()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_names_the_roles_that_may() {
    let guarded = Guarded::start().await;
    let reader = guarded.token("reader", json!({})).await;
    let told = refused(ask_with(&guarded, &guarded.admin, "queues").await);
    let expected = "eventlease: Not allowed: the role admin may not list queues; use a token of the role orchestrator, \
                    operator or reader (403 forbidden)\n";
    assert_eq!(told, expected);
    for (command, roles) in [
        ("resume dialogue", "may not resume queue; use a token of the role operator ("),
        (
            "cancel 01a20093-1ca2-7da5-8000-86c2b092a5fc",
            "may not cancel event; use a token of the role producer, orchestrator or operator (",
        ),
        ("audit", "may not list audit; use a token of the role operator or admin ("),
        ("token list", "may not list tokens; use a token of the role admin ("),
        (
            "engines drain --engine-type dialogue",
            "may not drain engines; use a token of the role orchestrator or operator (",
        ),
        ("pause dialogue", "may not pause queue; use a token of the role operator ("),
        ("policies set e --max-retries 1", "may not set retry policy; use a token of the role operator ("),
    ] {
        let told = refused(ask_with(&guarded, &reader, command).await);
        assert!(told.contains(roles), "{command}: {told}");
    }
    let problem = guarded.get(&guarded.admin, "/api/v1/queues").await.problem(403, "forbidden");
    assert_eq!(problem.body["allowed_roles"], json!(["orchestrator", "operator", "reader"]));
    let document: Value = guarded.get(&guarded.admin, "/api/v1/openapi.json").await.expect(200).body;
    let members = &document["components"]["schemas"]["Problem"]["properties"];
    for member in problem.body.as_object().expect("members").keys() {
        assert!(members.get(member).is_some(), "{member} is not in the document");
    }
    // What is asked before the change itself must not hide who may make it.
    let producer = guarded.token("producer", json!({})).await;
    let told = refused(ask_with(&guarded, &producer, "pause dialogue").await);
    assert!(told.contains("may not pause queue; use a token of the role operator ("), "{told}");
}

/// What the token does not allow is neither well nor a failure.
#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_says_what_a_token_does_not_allow() {
    let guarded = Guarded::start().await;
    guarded.lab.wait_until_well().await;
    let ended = ask_with(&guarded, &guarded.admin, "doctor").await;
    assert_eq!(ended.code, Some(3), "the tests' cluster is not durable: {ended:?}");
    let line = ended.stdout.lines().find(|line| line.contains(" queues ")).expect("a line");
    assert!(line.starts_with("unknown") && line.contains("use a token of the role orchestrator"), "{line}");
    for check in [" engines ", " dead letters "] {
        let line = ended.stdout.lines().find(|line| line.contains(check)).expect("a line");
        assert!(line.starts_with("unknown"), "{line}");
    }
    let ended = ask_with(&guarded, "el_unknown", "doctor").await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stdout.contains("; set a token by EVENTLEASE_TOKEN") && !ended.stdout.contains("\\n"), "{ended:?}");

    let limited = guarded.token("reader", json!({"engine_types": ["dialogue"]})).await;
    let ended = ask_with(&guarded, &limited, "doctor").await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let unknown: Vec<&str> = ended.stdout.lines().filter(|line| line.starts_with("unknown")).collect();
    assert!(matches!(unknown[..], [line] if line.contains(" database ")), "{ended:?}");
    let json = ask_with(&guarded, &limited, "doctor --json").await;
    let json: Value = serde_json::from_str(&json.stdout).expect("JSON");
    assert_eq!((&json["standing"], &json["exit_code"]), (&json!("unknown"), &json!(0)));
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_engines_are_listed_only_if_they_are_asked_for() {
    let guarded = Guarded::start().await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue"]})).await;
    for _ in 0..60 {
        guarded.register(&registrar, "dialogue").await;
    }
    let count = async |command: &str| {
        let list = printed_json(ask_with(&guarded, &guarded.admin, &format!("{command} --json")).await);
        list["items"].as_array().expect("a list").len()
    };
    assert_eq!(count("token list").await, 2);
    assert_eq!(count("token list --engines").await, 62);
    assert_eq!(count("token list --role engine").await, 60);
    // The page is full, although the newest tokens are all of engines.
    let first = guarded.get(&guarded.admin, "/api/v1/tokens?except_role=engine&limit=1").await.expect(200);
    assert_eq!(first.body["items"][0]["role"], "registrar");
    assert!(first.body["next_cursor"].is_string());
    guarded.get(&guarded.admin, "/api/v1/tokens?except_role=king").await.problem(422, "invalid_input");
    let table = printed(ask_with(&guarded, &guarded.admin, "token list").await);
    assert!(table.contains("registrar") && table.lines().count() == 3, "{table}");
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_of_engines_are_left_out_without_a_server_too() {
    let guarded = Guarded::start().await;
    let registrar = guarded.token("registrar", json!({"engine_types": ["dialogue"]})).await;
    guarded.register(&registrar, "dialogue").await;
    let url = sqlx::ConnectOptions::to_url_lossy(&*guarded.lab.db.connect_options());
    for (flags, expected) in [("", 2), ("--engines", 3)] {
        let list = printed_json(
            ask_at("http://127.0.0.1:1", &format!("token list --json --database-url {url} {flags}")).await,
        );
        assert_eq!(list["items"].as_array().map(Vec::len), Some(expected), "{flags}");
    }
}

/// The lab has no authentication, where no role can be in the way.
#[tokio::test(flavor = "multi_thread")]
async fn without_authentication_there_is_no_such_refusal() {
    let lab = Lab::start().await;
    printed(ask(&lab, "audit --limit 1 --json").await);
}
