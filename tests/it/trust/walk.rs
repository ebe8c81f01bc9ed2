//! Every operation of the document, with every role: against a table written down here once more, so that nobody changes
//! the one in the service by accident.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::Guarded;
use crate::support::{Reply, unknown_id};

/// Who may do it: `e`ngine, `p`roducer, `o`rchestrator, o`P`erator, `a`dmin, `r`eader, re`G`istrar. Where only its own is
/// allowed, the test asks for its own.
const ALLOWED: [(&str, &str); 77] = [
    ("register_engine", "eoG"),
    ("list_engines", "oPr"),
    ("summarize_engines", "oPr"),
    ("read_engine", "eoPr"),
    ("change_engine", "o"),
    ("deregister_engine", "eo"),
    ("send_heartbeat", "e"),
    ("drain_engine", "eoP"),
    ("resume_engine", "oP"),
    ("drain_engines", "oP"),
    ("renew_engine_token", "oG"),
    ("list_engine_leases", "eoPr"),
    ("lease_events", "e"),
    ("exchange_leases", "e"),
    ("settle_event", "e"),
    ("settle_batch", "e"),
    ("enqueue_event", "poP"),
    ("enqueue_batch", "poP"),
    ("list_events", "poPr"),
    ("read_event", "poPr"),
    ("explain_event", "oPr"),
    ("read_event_payload", "poPr"),
    ("read_event_result", "poPr"),
    ("change_event", "oP"),
    ("list_attempts", "poPr"),
    ("wait_for_events", "poPr"),
    ("cancel_event", "poP"),
    ("cancel_events", "oP"),
    ("reschedule_events", "oP"),
    ("list_scenario_runs", "oPr"),
    ("read_scenario_run", "oPr"),
    ("cancel_scenario_run", "oP"),
    ("reopen_scenario_run", "oP"),
    ("list_dead_letters", "Pr"),
    ("group_dead_letters", "Pr"),
    ("read_dead_letter", "Pr"),
    ("redrive_dead_letter", "P"),
    ("discard_dead_letter", "P"),
    ("redrive_dead_letters", "P"),
    ("purge_dead_letters", "P"),
    ("create_redrive_job", "P"),
    ("list_redrive_jobs", "Pr"),
    ("read_redrive_job", "Pr"),
    ("pause_redrive_job", "P"),
    ("continue_redrive_job", "P"),
    ("cancel_redrive_job", "P"),
    ("list_queues", "oPr"),
    ("read_overview", "oPr"),
    ("read_history", "oPr"),
    ("read_queue_history", "oPr"),
    ("read_queue", "oPr"),
    ("explain_queue", "oPr"),
    ("change_queue", "P"),
    ("delete_queue", "Pa"),
    ("pause_queue", "P"),
    ("resume_queue", "P"),
    ("quarantine_version", "P"),
    ("list_quarantines", "oPr"),
    ("lift_quarantine", "P"),
    ("peek_queue", "Pr"),
    ("list_event_types", "Pr"),
    ("read_retry_policy", "Pr"),
    ("set_retry_policy", "P"),
    ("remove_retry_policy", "P"),
    ("create_token", "a"),
    ("list_tokens", "a"),
    ("revoke_token", "a"),
    ("create_session", "oPar"),
    ("read_session", "epoParG"),
    ("delete_session", "oPar"),
    ("list_audit", "Pa"),
    ("read_database_health", "oPar"),
    ("read_metrics", "oPar"),
    ("read_server", "epoParG"),
    ("read_openapi_document", "epoParG"),
    ("check_health", "*"),
    ("check_readiness", "*"),
];

const ROLES: [(char, &str); 7] = [
    ('e', "engine"),
    ('p', "producer"),
    ('o', "orchestrator"),
    ('P', "operator"),
    ('a', "admin"),
    ('r', "reader"),
    ('G', "registrar"),
];

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Each operation of the document: its id, method and path.
async fn operations(guarded: &Guarded) -> Vec<(String, String, String)> {
    let document = guarded.get(&guarded.admin, "/api/v1/openapi.json").await.expect(200).body;
    let mut found = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in METHODS.iter().filter(|method| operations[**method].is_object()) {
            let operation = &operations[*method];
            let id = operation["operationId"].as_str().expect("an id").to_owned();
            // Whoever generates a client from a server that requires tokens, gets one that sends them.
            let security = &operation["security"];
            let is_open = ["check_health", "check_readiness"].contains(&id.as_str());
            assert_eq!(*security, if is_open { json!([]) } else { json!([{"token": []}]) }, "{id}");
            found.push((id, method.to_uppercase(), path.clone()));
        }
    }
    found
}

/// A body that means something, where the operation has one: what is its own is asked for.
fn body(id: &str, Own { engine_id, event_id, .. }: &Own) -> Value {
    match id {
        "register_engine" => json!({"engine_type": "dialogue", "engine_id": engine_id}),
        "enqueue_event" => json!({"engine_type": "dialogue", "event_type": "e", "payload": 1}),
        "enqueue_batch" => json!({"events": [{"engine_type": "dialogue", "event_type": "e", "payload": 1}]}),
        "wait_for_events" => json!({"event_ids": [event_id]}),
        "change_event" => json!({"priority": 1}),
        "reschedule_events" => json!({"filter": {"engine_type": "dialogue"}, "priority": 1, "dry_run": true}),
        "drain_engines" | "cancel_events" | "redrive_dead_letters" | "purge_dead_letters" | "create_redrive_job" => {
            json!({"filter": {"engine_type": "dialogue"}, "dry_run": true})
        }
        "settle_event" => json!({"status": "completed", "lease_token": "0".repeat(32)}),
        "settle_batch" => {
            json!({"settlements": [{"event_id": engine_id, "status": "completed", "lease_token": "0".repeat(32)}]})
        }
        "create_token" => json!({"name": "another", "role": "reader"}),
        _ => json!({}),
    }
}

async fn call(guarded: &Guarded, token: Option<&str>, operation: &(String, String, String), own: &Own) -> Reply {
    let (id, method, path) = operation;
    let path = path
        .replace("{engine_id}", &own.engine_id)
        .replace("{event_id}", &own.event_id)
        .replace("{engine_type}", "dialogue")
        .replace("{event_type}", "nothing")
        .replace("{scenario_run_id}", "none")
        .replace("{job_id}", &unknown_id())
        .replace("{token_id}", &unknown_id());
    let query = if path.contains('?') { "" } else { own.query };
    let mut request = guarded.lab.request(method, &format!("{path}{query}"));
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if ["POST", "PUT", "PATCH"].contains(&method.as_str()) {
        request = request.json(&body(id, own));
    }
    Reply::of(request).await
}

/// What a call is about.
struct Own {
    engine_id: String,
    event_id: String,
    query: &'static str,
}

#[tokio::test]
async fn every_role_may_do_what_the_table_says_and_nothing_else() {
    let guarded = Guarded::start().await;
    let operations = operations(&guarded).await;
    let allowed: BTreeMap<&str, &str> = ALLOWED.into_iter().collect();
    let ids: Vec<&str> = operations.iter().map(|(id, ..)| id.as_str()).collect();
    assert!(allowed.keys().all(|id| ids.contains(id)), "the table names operations that are not there: {ids:?}");

    let producer = guarded.token("producer", json!({})).await;
    for (letter, role) in ROLES {
        // One that has registered few engines: how many one may in an hour is limited.
        let orchestrator = guarded.token("orchestrator", json!({})).await;
        let given = match role {
            "engine" => None,
            "producer" => Some(producer.clone()),
            "admin" => Some(guarded.admin.clone()),
            "registrar" => Some(guarded.token(role, json!({"engine_types": ["dialogue"]})).await),
            _ => Some(guarded.token(role, json!({})).await),
        };
        for operation in &operations {
            let (id, ..) = operation;
            // What a call before has removed, or ended, is there again.
            let (engine_id, engine_token) = guarded.register(&orchestrator, "dialogue").await;
            let event_id = guarded.enqueue(&producer, "dialogue").await;
            let token = given.as_ref().unwrap_or(&engine_token);
            let own = Own { engine_id, event_id, query: "" };
            let reply = call(&guarded, Some(token), operation, &own).await;
            let rule = allowed.get(id.as_str()).unwrap_or_else(|| panic!("{id} is not in the table of this test"));
            let is_allowed = *rule == "*" || rule.contains(letter);
            let code = reply.body["code"].as_str().unwrap_or_default();
            assert_eq!(code != "forbidden", is_allowed, "{id} by {role}: {reply:?}");
            assert!(!is_allowed || reply.status != 401, "{id} by {role}: {reply:?}");
            if !is_allowed {
                reply.problem(403, "forbidden");
            }
        }
    }
}

#[tokio::test]
async fn nothing_is_done_without_a_token_that_is_good() {
    let guarded = Guarded::start().await;
    let operations = operations(&guarded).await;
    let expired = guarded.token("operator", json!({"name": "expired", "expires_in_seconds": 1000})).await;
    let made = guarded
        .post(&guarded.admin, "/api/v1/tokens", &json!({"name": "revoked", "role": "operator"}))
        .await
        .expect(201);
    let (revoked, revoked_id) = (made.text("token"), made.text("token_id"));
    guarded.ask(&guarded.admin, "DELETE", &format!("/api/v1/tokens/{revoked_id}")).await.expect(204);
    guarded
        .lab
        .sql(
            "update eventlease.tokens set expires_at = statement_timestamp() - interval '1 second',
                changed_in = pg_current_xact_id() where name = 'expired'",
        )
        .await;
    guarded.lab.broker().read_tokens().await.expect("a reading");

    let own = Own { engine_id: unknown_id(), event_id: unknown_id(), query: "" };
    for operation in &operations {
        let (id, ..) = operation;
        for (what, token) in [("none", None), ("expired", Some(expired.as_str())), ("revoked", Some(&revoked))] {
            let reply = call(&guarded, token, operation, &own).await;
            if ["check_health", "check_readiness"].contains(&id.as_str()) {
                reply.expect(200);
                continue;
            }
            let reply = reply.problem(401, "unauthenticated");
            let challenge = reply.header("www-authenticate");
            let is_told = challenge.contains("invalid_token");
            assert!(challenge.starts_with("Bearer realm=\"eventlease\"") && is_told == token.is_some(), "{challenge}");
            if token.is_some() {
                assert!(reply.text("detail").contains(what), "{reply:?}");
            }
        }
    }
    // What is not there is not told to strangers either.
    for path in ["/api/v1/nowhere", "/docs", "/docs/style.css"] {
        guarded.lab.get(path).await.problem(401, "unauthenticated");
    }
    guarded
        .lab
        .request("HEAD", "/api/v1/queues")
        .send()
        .await
        .map(|reply| assert_eq!(reply.status(), 401))
        .expect("a reply");
    guarded.get(&guarded.admin, "/api/v1/nowhere").await.problem(404, "not_found");
    guarded.ask(&guarded.admin, "PUT", "/api/v1/tokens").await.problem(405, "method_not_allowed");
}

/// Nothing behind a method that the document does not have: a token of any role would do for it.
#[tokio::test]
async fn no_operation_is_missing_in_the_document() {
    let guarded = Guarded::start().await;
    let operations = operations(&guarded).await;
    let paths: BTreeSet<&str> = operations.iter().map(|(_, _, path)| path.as_str()).collect();
    let own = Own { engine_id: unknown_id(), event_id: unknown_id(), query: "" };
    for path in paths {
        for method in METHODS.map(str::to_uppercase).iter().map(String::as_str).chain(["OPTIONS", "TRACE", "QUERY"]) {
            if operations.iter().any(|(_, known, of)| of == path && known == method) {
                continue;
            }
            let operation = (String::new(), method.to_owned(), path.to_owned());
            call(&guarded, Some(&guarded.admin), &operation, &own).await.problem(405, "method_not_allowed");
        }
    }
}

#[tokio::test]
async fn what_is_not_there_is_not_there_for_those_who_reach_little() {
    let guarded = Guarded::start().await;
    for (role, path) in [("reader", "engines"), ("reader", "events"), ("producer", "events")] {
        let token = guarded.token(role, json!({"engine_types": ["dialogue"]})).await;
        let reply = guarded.get(&token, &format!("/api/v1/{path}/{}", unknown_id())).await;
        assert_eq!(reply.status, 404, "{reply:?}");
    }
}

/// A token that is limited to other engine types does nothing with these, whatever its role.
#[tokio::test]
async fn every_role_is_kept_within_its_engine_types() {
    let guarded = Guarded::start().await;
    let operations = operations(&guarded).await;
    let producer = guarded.token("producer", json!({})).await;
    let free = [
        "read_openapi_document",
        "check_health",
        "check_readiness",
        "list_queues",
        "read_overview",
        "enqueue_batch",
        "read_server",
        "create_session",
        "read_session",
        "delete_session",
        "wait_for_events",
        "list_scenario_runs",
        "read_scenario_run",
        "cancel_scenario_run",
        "reopen_scenario_run",
    ];
    for role in ["producer", "orchestrator", "operator", "reader", "registrar"] {
        let orchestrator = guarded.token("orchestrator", json!({})).await;
        // Of the same name as who brought the events, so that nothing but the limit is in the way.
        let limited = json!({"name": "a producer", "engine_types": ["chess", "speech"]});
        let token = guarded.token(role, limited).await;
        for operation in &operations {
            let (id, _, path) = operation;
            let (engine_id, _) = guarded.register(&orchestrator, "dialogue").await;
            let event_id = guarded.enqueue(&producer, "dialogue").await;
            for query in ["", "?engine_type=dialogue"] {
                let has_filter = [
                    "list_engines",
                    "summarize_engines",
                    "list_events",
                    "list_dead_letters",
                    "group_dead_letters",
                    "list_redrive_jobs",
                ];
                if !query.is_empty() && !has_filter.contains(&id.as_str()) {
                    continue;
                }
                let own = Own { engine_id: engine_id.clone(), event_id: event_id.clone(), query };
                let reply = call(&guarded, Some(&token), operation, &own).await;
                if free.contains(&id.as_str()) && is_role_allowed(id, role) {
                    assert!(!reply.raw.contains("\"dialogue\"") || id == "read_openapi_document", "{id}: {reply:?}");
                    let is_unknown = reply.status == 403 || reply.body["unknown"] == json!([event_id]);
                    assert!(id != "wait_for_events" || is_unknown, "{reply:?}");
                    assert!(id != "enqueue_batch" || [403, 422].contains(&reply.status), "{reply:?}");
                } else if query.is_empty() && has_filter.contains(&id.as_str()) && is_role_allowed(id, role) {
                    let list = if id == "summarize_engines" { "groups" } else { "items" };
                    assert_eq!(reply.expect(200).body[list], json!([]), "{id}");
                } else if !is_role_allowed(id, role) {
                    reply.problem(403, "forbidden");
                } else if path.contains("{engine_id}") {
                    reply.problem(404, "engine_not_found");
                } else if path.contains("{event_id}") {
                    reply.problem(404, "event_not_found");
                } else if path.contains("{job_id}") {
                    reply.problem(404, "redrive_job_not_found");
                } else {
                    reply.problem(403, "forbidden");
                }
            }
        }
    }
}

fn is_role_allowed(id: &str, role: &str) -> bool {
    let (letter, _) = ROLES.iter().find(|(_, known)| *known == role).expect("a role");
    ALLOWED.iter().any(|(known, letters)| *known == id && (*letters == "*" || letters.contains(*letter)))
}
