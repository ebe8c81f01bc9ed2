//! What generators of clients make of the document: nothing sent that nobody set, nothing that fails on a later server.

use std::collections::BTreeSet;

use eventlease::domain::access::{Operation, Role};
use eventlease::domain::engine::EngineStatus;
use eventlease::domain::event::DeadLetterReason;
use eventlease::domain::event::{Outcome, Status};
use eventlease::domain::settlement::Answer;
use serde_json::{Value, json};

use super::{METHODS, document};
use crate::support::{Lab, Reply};

/// Every part of the document that is an object, with its place; examples are left out.
fn parts<'a>(part: &'a Value, place: &str, found: &mut Vec<(String, &'a Value)>) {
    match part {
        Value::Object(members) => {
            found.push((place.to_owned(), part));
            for (name, value) in members.iter().filter(|(name, _)| !["example", "examples"].contains(&name.as_str())) {
                parts(value, &format!("{place}/{name}"), found);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                parts(item, &format!("{place}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn all_parts(document: &Value) -> Vec<(String, &Value)> {
    let mut found = Vec::new();
    parts(document, "", &mut found);
    found
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let paths = document["paths"].as_object().expect("paths").values();
    paths.flat_map(|path| METHODS.iter().map(|method| &path[*method])).filter(|operation| operation.is_object())
}

fn name_of(reference: &str) -> &str {
    reference.rsplit('/').next().expect("a name")
}

/// The schemas that a part of the document is made of, by name.
fn names_in(document: &Value, part: &Value, names: &mut BTreeSet<String>) {
    for (_, inner) in all_parts(part) {
        if let Some(name) = inner["$ref"].as_str().filter(|reference| reference.contains("/schemas/")).map(name_of)
            && names.insert(name.to_owned())
        {
            names_in(document, &document["components"]["schemas"][name], names);
        }
    }
}

/// The schemas of requests' bodies, and those of replies, by name.
fn names(document: &Value) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut in_requests, mut in_replies) = (BTreeSet::new(), BTreeSet::new());
    for operation in operations(document) {
        names_in(document, &operation["requestBody"], &mut in_requests);
        names_in(document, &operation["responses"], &mut in_replies);
    }
    (in_requests, in_replies)
}

fn is_enumeration(document: &Value, reference: &str) -> bool {
    document["components"]["schemas"][name_of(reference)]["enum"].is_array()
}

#[tokio::test]
async fn no_schema_has_a_default() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    // Generated clients send it, though a queue, a policy or the server may say otherwise.
    for (place, part) in all_parts(&document) {
        assert!(part.get("default").is_none(), "{place} has a default: {part}");
    }
}

#[tokio::test]
async fn headers_are_texts() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let mut headers = 0;
    for operation in operations(&document) {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        for parameter in parameters.filter(|parameter| parameter["in"] == "header") {
            let schema = &parameter["schema"];
            assert_eq!(schema["type"], "string", "{parameter}");
            assert!(schema["format"].is_null() && schema["pattern"].is_string(), "{parameter}");
            headers += 1;
        }
    }
    assert!(headers > 5, "{headers}");
}

#[tokio::test]
async fn an_object_has_named_members_or_says_that_it_has_any() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let mut objects = 0;
    for (place, part) in all_parts(&document) {
        let is_object =
            part["type"] == "object" || part["type"].as_array().is_some_and(|all| all.contains(&json!("object")));
        if is_object && !part["properties"].is_object() {
            assert_eq!(part["additionalProperties"], true, "{place}");
            // Without a name of its own, a generated type is numbered.
            assert_eq!(place.matches('/').count(), 3, "{place} is not a component");
            objects += 1;
        }
    }
    assert!(objects > 2, "{objects}");
}

#[tokio::test]
async fn a_reply_may_have_values_and_members_that_are_not_known_yet() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let (in_requests, in_replies) = names(&document);
    let schemas = &document["components"]["schemas"];
    let (mut open, mut closed) = (BTreeSet::new(), BTreeSet::new());
    for name in in_replies.difference(&in_requests) {
        for (place, part) in all_parts(&schemas[name]) {
            assert!(part["enum"].is_null() || place.is_empty(), "{name}{place}: an enumeration without a name");
            assert_ne!(part["additionalProperties"], false, "{name}{place}");
            let choices = part["anyOf"].as_array().or_else(|| part["oneOf"].as_array());
            for reference in choices.into_iter().flatten().filter_map(|choice| choice["$ref"].as_str()) {
                if is_enumeration(&document, reference) {
                    let has_others =
                        part["anyOf"].as_array().is_some_and(|all| all.contains(&json!({"type": "string"})));
                    let list = if has_others { &mut open } else { &mut closed };
                    list.insert(name_of(reference).to_owned());
                }
            }
            let is_choice = place.contains("/anyOf/") || place.contains("/oneOf/");
            if let Some(reference) = part["$ref"].as_str().filter(|_| !is_choice)
                && is_enumeration(&document, reference)
            {
                closed.insert(name_of(reference).to_owned());
            }
        }
    }
    assert_eq!(closed, BTreeSet::from(["EventStatus".to_owned()]));
    for name in [
        "AttemptAnswer",
        "AttemptOutcome",
        "DeadLetterReason",
        "EngineCommand",
        "EngineStatus",
        "EnqueueNoticeCode",
        "EnqueueOutcome",
        "HeldLeaseOutcome",
        "LeaseNoticeCode",
        "ProblemCode",
        "SettlementOutcome",
    ] {
        assert!(open.contains(name), "{name} is not open");
    }
    // What is sent is checked: there, a value that is not known is an error.
    for name in in_requests {
        assert!(!schemas[&name].to_string().contains("anyOf"), "{name}");
    }
}

#[tokio::test]
async fn enumerations_are_those_of_the_code() {
    let lab = Lab::start().await;
    let schemas = document(&lab).await["components"]["schemas"].take();
    assert_eq!(schemas["EventStatus"]["enum"], json!(Status::ALL.map(Status::as_str)));
    assert_eq!(schemas["AttemptOutcome"]["enum"], json!(Outcome::ALL.map(Outcome::as_str)));
    assert_eq!(schemas["AttemptAnswer"]["enum"], json!(Answer::ALL.map(Answer::as_str)));
    assert_eq!(schemas["EngineStatus"]["enum"], json!(EngineStatus::ALL.map(EngineStatus::as_str)));
    assert_eq!(schemas["DeadLetterReason"]["enum"], json!(DeadLetterReason::ALL.map(DeadLetterReason::as_str)));
    assert_eq!(schemas["Role"]["enum"], json!(Role::ALL.map(Role::as_str)));
    let operations: Vec<&str> = Operation::ALL.iter().map(|operation| operation.id()).collect();
    assert_eq!(schemas["OperationId"]["enum"], json!(operations));
    // Every answer of an attempt is an outcome of the settlement that was answered so.
    let outcomes = schemas["SettlementOutcome"]["enum"].as_array().expect("outcomes");
    for answer in Answer::ALL {
        assert!(outcomes.contains(&json!(answer.as_str())), "{answer:?}");
    }
}

#[tokio::test]
async fn schemas_and_tags_have_plain_names() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    for (name, schema) in document["components"]["schemas"].as_object().expect("schemas") {
        assert!(name.chars().all(char::is_alphabetic) && !name.ends_with("Body"), "{name}");
        for choice in schema["oneOf"].as_array().into_iter().flatten() {
            assert!(choice["properties"].is_null(), "{name} is one of {choice}, which has no name");
        }
    }
    let declared: BTreeSet<&str> =
        document["tags"].as_array().expect("tags").iter().filter_map(|tag| tag["name"].as_str()).collect();
    let used: BTreeSet<&str> = operations(&document)
        .flat_map(|operation| operation["tags"].as_array().expect("tags"))
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(declared, used);
    assert!(!used.contains("trust"), "{used:?}");
}

/// Whether a reply has all that the document says is always there; null stands for the first of several schemas that fits.
fn lacks(document: &Value, schema: &Value, value: &Value, place: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        let schema = document.pointer(reference.trim_start_matches('#')).expect("a schema");
        return lacks(document, schema, value, place);
    }
    let choices = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array());
    if let Some(choices) = choices {
        let of_choices = choices.iter().map(|choice| lacks(document, choice, value, place));
        return of_choices.min_by_key(Vec::len).unwrap_or_default();
    }
    match value {
        Value::Object(members) => {
            let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let missing = required.filter(|name| !members.contains_key(*name)).map(|name| format!("{place}/{name}"));
            let inner = members.iter().flat_map(|(name, value)| {
                lacks(document, &schema["properties"][name], value, &format!("{place}/{name}"))
            });
            missing.chain(inner).collect()
        }
        Value::Array(items) => items.iter().flat_map(|item| lacks(document, &schema["items"], item, place)).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

#[tokio::test]
async fn replies_have_what_the_document_says_is_always_there() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let engine_id = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({"retry_policy": {"max_retries": 0}})).await;
    let leased = lab.poll("dialogue", &engine_id, "limit=1").await.expect(200);
    let as_the_engine = |path: &str| lab.request("GET", path).header("x-engine-id", engine_id.clone());
    let list = format!("/api/v1/engines/{engine_id}/leases");
    let own = Reply::of(as_the_engine(&list)).await.expect(200);
    let of_another = lab.get(&list).await.expect(200);
    assert!(own.body["items"][0]["lease"]["lease_token"].is_string(), "{own:?}");
    assert!(of_another.body["items"][0]["lease"].get("lease_token").is_none(), "{of_another:?}");
    let schemas = &document["components"]["schemas"];
    let requires_token =
        |name: &str| schemas[name]["required"].as_array().expect("members").contains(&json!("lease_token"));
    assert!(requires_token("LeaseTerms") && !requires_token("HeldLeaseTerms"));
    let settled = lab.settle(&leased.body["events"][0], "failed", json!({"error": "no"})).await.expect(200);
    let policy = json!({"max_retries": 1});
    let replies = [
        ("Leased", leased),
        ("HeldEventPage", own),
        ("HeldEventPage", of_another),
        ("Settled", settled),
        ("Engine", lab.get(&format!("/api/v1/engines/{engine_id}")).await),
        ("Event", lab.get(&format!("/api/v1/events/{event_id}")).await),
        ("AttemptPage", lab.get(&format!("/api/v1/events/{event_id}/attempts")).await),
        ("DeadLetter", lab.get(&format!("/api/v1/dead-letters/{event_id}")).await),
        ("DeadLetterPage", lab.get("/api/v1/dead-letters").await),
        ("DeadLetterGroups", lab.get("/api/v1/dead-letters/groups?by=reason").await),
        ("QueuePage", lab.get("/api/v1/queues").await),
        ("PeekedEventPage", lab.get("/api/v1/queues/dialogue/peek").await),
        ("EventTypePolicy", lab.put("/api/v1/event-types/e/retry-policy", &policy).await),
        ("AuditEntryPage", lab.get("/api/v1/audit").await),
        ("TokenPage", lab.get("/api/v1/tokens").await),
        ("DatabaseHealthReport", lab.get("/api/v1/health/database").await),
    ];
    for (name, reply) in replies {
        let reply = reply.expect(200);
        assert_eq!(lacks(&document, &schemas[name], &reply.body, name), [""; 0], "{reply:?}");
    }
}

#[tokio::test]
async fn what_a_problem_says_by_its_code_is_in_the_document() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let documented = document["components"]["schemas"]["Problem"]["properties"].as_object().expect("members");
    let source = include_str!("../../../src/http/errors/of_broker.rs");
    let members: BTreeSet<&str> =
        source.split(".with(\"").skip(1).map(|rest| rest.split('"').next().expect("a name")).collect();
    assert!(members.len() > 10, "{members:?}");
    for member in members {
        assert!(documented.contains_key(member), "{member} is not among {:?}", documented.keys());
    }
}
