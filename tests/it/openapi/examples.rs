//! The document's examples are good ones.

use serde_json::Value;

use super::{METHODS, document, with_values};
use crate::support::{Lab, Reply};

/// The examples of a body: beside its schema, or in it.
fn examples(document: &Value, content: &Value) -> Vec<Value> {
    let named = content["examples"].as_object().into_iter().flatten().map(|(_, example)| example["value"].clone());
    let schema = match content["schema"]["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("a schema"),
        None => &content["schema"],
    };
    let others = [&content["example"], &schema["example"]].into_iter().filter(|example| !example.is_null()).cloned();
    named.chain(others).collect()
}

#[tokio::test]
async fn every_example_of_a_body_is_taken() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in METHODS {
            let body = &operations[method]["requestBody"]["content"]["application/json"];
            if body.is_null() {
                continue;
            }
            let examples = examples(&document, body);
            assert!(!examples.is_empty(), "{method} {path} has no example");
            for example in examples {
                let request = lab.request(&method.to_uppercase(), &with_values(path)).json(&example);
                let reply = Reply::of(request).await;
                // What it names may not be there; how it is written is right.
                assert!(![400, 415, 422, 500].contains(&reply.status), "{method} {path} {example}: {reply:?}");
                assert!(!reply.raw.contains("invalid_input"), "{method} {path} {example}: {reply:?}");
            }
        }
    }
}

#[tokio::test]
async fn the_first_example_of_a_failure_is_one_that_is_tried_again() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let settle = &document["paths"]["/api/v1/events/{event_id}/status"]["put"];
    let failed = &settle["responses"]["200"]["content"]["application/json"]["examples"]["failed"]["value"];
    assert_eq!(failed["status"], "queued");
    assert_eq!(failed["outcome"], "retry_scheduled");
}
