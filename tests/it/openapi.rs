//! The OpenAPI document: served, printed, and the same as the routes.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::support::{Lab, Reply, unknown_id};

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

async fn document(lab: &Lab) -> Value {
    lab.get("/api/v1/openapi.json").await.expect(200).body
}

fn with_values(path: &str) -> String {
    let with_ids = path.replace("{event_id}", &unknown_id()).replace("{engine_id}", &unknown_id());
    let with_names = with_ids.replace("{engine_type}", "nobody").replace("{event_type}", "nothing");
    let path = with_names.replace("{scenario_run_id}", "none");
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
