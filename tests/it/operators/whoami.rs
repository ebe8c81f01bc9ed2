//! `whoami`: what a token is told of itself.

use serde_json::json;

use super::{ask, printed, printed_json, refused};
use crate::cli::program::{Ended, run_beside};
use crate::support::Lab;
use crate::trust::Guarded;

async fn ask_with(guarded: &Guarded, token: &str, command: &str) -> Ended {
    let arguments = command.split_whitespace().chain(["--url", &guarded.lab.url, "--token", token]);
    run_beside(arguments.map(str::to_owned).collect()).await
}

/// What stands behind a name.
#[track_caller]
fn fact(printed: &str, name: &str) -> String {
    let line = printed.lines().find_map(|line| line.strip_prefix(name).filter(|rest| rest.starts_with(' ')));
    line.unwrap_or_else(|| panic!("no {name}: {printed}")).trim().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_told_its_name_its_reach_and_what_it_may_do() {
    let guarded = Guarded::start().await;
    let token = guarded.token("reader", json!({"name": "a dashboard", "engine_types": ["chess", "dialogue"]})).await;
    let told = printed(ask_with(&guarded, &token, "whoami").await);
    assert_eq!(fact(&told, "name"), "a dashboard");
    assert_eq!(fact(&told, "role"), "reader");
    assert_eq!(fact(&told, "engine types"), "chess, dialogue");
    assert_eq!(fact(&told, "expires"), "never");
    assert_eq!(fact(&told, "server"), env!("CARGO_PKG_VERSION"));
    let may = fact(&told, "may");
    assert!(may.contains("list queues") && !may.contains("pause queue"), "{may}");
    // About all engine types at once: not for a token that is limited to some.
    assert!(!may.contains("list event types"), "{may}");
    let told = printed_json(ask_with(&guarded, &token, "whoami --json").await);
    assert_eq!((&told["name"], &told["role"]), (&json!("a dashboard"), &json!("reader")));

    let told = refused(ask_with(&guarded, "el_unknown", "whoami").await);
    assert!(told.contains("(401 unauthenticated)"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_authentication_everybody_is_anybody() {
    let lab = Lab::start_with(&["--installation-name", "Games, production"]).await;
    let told = printed(ask(&lab, "whoami").await);
    assert_eq!(fact(&told, "installation"), "Games, production");
    assert!(fact(&told, "name").starts_with("anybody"), "{told}");
    assert!(fact(&told, "may").contains("pause queue"), "{told}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engines_token_is_for_the_type_of_its_engine() {
    let guarded = Guarded::start().await;
    let orchestrator = guarded.token("orchestrator", json!({})).await;
    let (engine_id, token) = guarded.register(&orchestrator, "dialogue").await;
    let told = printed(ask_with(&guarded, &token, "whoami").await);
    assert_eq!(fact(&told, "engine types"), "dialogue");
    assert!(told.contains(&engine_id), "{told}");
    let session = guarded.get(&token, "/api/v1/session").await.expect(200).body;
    assert_eq!(session["engine_types"], json!(["dialogue"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_tokens_says_which_are_sessions() {
    let guarded = Guarded::start().await;
    let token = guarded.token("operator", json!({"name": "a dashboard"})).await;
    guarded.post(&token, "/api/v1/session", &json!({})).await.expect(201);
    let told = printed(ask_with(&guarded, &guarded.admin, "token list").await);
    let of_dashboard = told.lines().filter(|line| line.contains("a dashboard"));
    assert_eq!(of_dashboard.clone().count(), 2, "{told}");
    assert_eq!(of_dashboard.filter(|line| line.contains("operator (a session)")).count(), 1, "{told}");
}
