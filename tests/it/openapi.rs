//! The OpenAPI document: served, printed, and the same as the routes.

mod clients;
mod examples;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::{Lab, Reply, unknown_id};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(lab: &Lab) -> Value {
    lab.get("/api/v1/openapi.json").await.expect(200).body
}

fn with_values(path: &str) -> String {
    let with_ids = path.replace("{event_id}", &unknown_id()).replace("{engine_id}", &unknown_id());
    let with_names = with_ids.replace("{engine_type}", "nobody").replace("{event_type}", "nothing");
    let path = with_names.replace("{scenario_run_id}", "none").replace("{token_id}", &unknown_id());
    let path = path.replace("{job_id}", &unknown_id());
    assert!(!path.contains('{'), "{path} has a parameter this test does not know");
    path
}

#[tokio::test]
async fn the_program_prints_the_document_that_is_served() {
    let lab = Lab::start().await;
    let printed = Command::new(env!("CARGO_BIN_EXE_eventlease")).arg("openapi").output().expect("it runs");
    assert!(printed.status.success());
    let printed: Value = serde_json::from_slice(&printed.stdout).expect("JSON");
    assert_eq!(document(&lab).await, printed);
    assert!(printed["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")), "{}", printed["openapi"]);
}

/// Pydantic and Go refuse them.
#[tokio::test]
async fn no_pattern_looks_ahead_or_has_other_groups_that_clients_refuse() {
    let lab = Lab::start().await;
    let (document, mut patterns) = (document(&lab).await, 0);
    let mut left = vec![&document];
    while let Some(value) = left.pop() {
        if let Some(pattern) = value["pattern"].as_str() {
            assert!(!pattern.contains("(?"), "{pattern}");
            patterns += 1;
        }
        match value {
            Value::Object(members) => left.extend(members.values()),
            Value::Array(items) => left.extend(items),
            _ => {}
        }
    }
    assert!(patterns > 5, "{patterns} patterns");
}

#[tokio::test]
async fn every_documented_operation_is_there_and_no_other_method() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in METHODS {
            let reply = Reply::of(lab.request(&method.to_uppercase(), &with_values(path))).await;
            if operations[method].is_object() {
                let code = reply.body["code"].as_str().unwrap_or_default();
                let detail = reply.body["detail"].as_str().unwrap_or_default();
                assert!(!detail.starts_with("no resource"), "{method} {path}: {reply:?}");
                assert!(code != "method_not_allowed", "{method} {path}: {reply:?}");
            } else {
                let reply = reply.problem(405, "method_not_allowed");
                let allowed: Vec<String> =
                    reply.header("allow").split(',').map(|word| word.trim().to_lowercase()).collect();
                for documented in METHODS {
                    let is_documented = operations[documented].is_object();
                    assert_eq!(allowed.iter().any(|word| word == documented), is_documented, "{path}: {allowed:?}");
                }
            }
        }
    }
}

/// The texts of all files in a folder and those below it.
fn sources(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![fs::read_to_string(&path).expect("a text")] })
        .collect()
}

#[tokio::test]
async fn every_handler_is_in_the_document() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let mut handlers = 0;
    for source in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/http")) {
        for line in source.lines().map(str::trim) {
            let Some((method, rest)) = line.split_once(", path = \"") else { continue };
            let path = rest.split('"').next().expect("a path");
            let is_there =
                ["", "/api/v1"].iter().any(|base| document["paths"][format!("{base}{path}")][method].is_object());
            assert!(is_there, "{method} {path} has a handler, and is not routed or not documented");
            handlers += 1;
        }
    }
    let operations = document["paths"].as_object().expect("paths").values();
    let documented: usize =
        operations.map(|path| METHODS.iter().filter(|method| path[**method].is_object()).count()).sum();
    assert_eq!(handlers, documented);
}

#[tokio::test]
async fn every_reference_leads_somewhere_and_every_reply_is_described() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1).map(|rest| rest.split('"').next().expect("an end")) {
        assert!(document.pointer(reference).is_some(), "{reference} leads nowhere");
    }
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for (method, operation) in operations.as_object().expect("operations") {
            for (status, reply) in operation["responses"].as_object().expect("responses") {
                assert!(reply["description"].as_str().is_some_and(|text| !text.is_empty()), "{method} {path} {status}");
            }
        }
    }
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own_and_every_link_leads_to_one() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let mut parameters_by_id = BTreeMap::new();
    let operations = || {
        let paths = document["paths"].as_object().expect("paths").values();
        paths.flat_map(|path| METHODS.iter().map(|method| &path[*method])).filter(|operation| operation.is_object())
    };
    for operation in operations() {
        let id = operation["operationId"].as_str().expect("an id");
        let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
        let names: Vec<String> =
            parameters.iter().map(|parameter| parameter["name"].as_str().expect("a name").to_owned()).collect();
        assert!(parameters_by_id.insert(id.to_owned(), names).is_none(), "{id} is the id of two operations");
    }
    let mut links = 0;
    for reply in operations().flat_map(|operation| operation["responses"].as_object().expect("responses").values()) {
        for link in reply["links"].as_object().into_iter().flat_map(|links| links.values()) {
            let to = link["operationId"].as_str().expect("an id");
            let known = parameters_by_id.get(to).unwrap_or_else(|| panic!("there is no operation {to}"));
            for name in link["parameters"].as_object().expect("parameters").keys() {
                assert!(known.contains(name), "{to} has no parameter {name}");
            }
            links += 1;
        }
    }
    assert!(links > 20, "{links}");
}

#[tokio::test]
async fn what_a_body_refuses_the_document_refuses() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let schemas = &document["components"]["schemas"];
    for name in ["NewEvent", "Registration", "EngineMetadata", "Heartbeat", "HeldLease", "Exchange", "QueuePatch"] {
        assert_eq!(schemas[name]["additionalProperties"], false, "{name}");
    }
    for name in ["Settlement", "SettlementEntry"] {
        for choice in schemas[name]["oneOf"].as_array().expect("one of several") {
            let reference = choice["$ref"].as_str().expect("a name").trim_start_matches('#');
            let choice = document.pointer(reference).expect("a schema");
            assert_eq!(choice["additionalProperties"], false, "{name}: {choice}");
        }
    }
    // Members beside the known ones are the engine's own.
    for name in ["EngineStaticConfig", "EngineResourceLimits"] {
        assert_eq!(schemas[name]["additionalProperties"], true, "{name}");
    }
}

#[tokio::test]
async fn a_null_beside_the_other_way_to_say_when_is_as_good_as_nothing() {
    let lab = Lab::start().await;
    for due in [
        json!({"delay_seconds": null, "available_at": "2020-01-01T00:00:00Z"}),
        json!({"delay_seconds": 0, "available_at": null}),
    ] {
        lab.enqueue("dialogue", due).await;
    }
    let both = json!({
        "engine_type": "dialogue", "event_type": "e", "payload": {},
        "delay_seconds": 0, "available_at": "2020-01-01T00:00:00Z"
    });
    lab.post("/api/v1/events", &both).await.problem(422, "invalid_input");
}
