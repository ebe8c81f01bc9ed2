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

/// Operations whose replies take an example to be understood.
const SHOWN: [&str; 9] = [
    "explain_event",
    "explain_queue",
    "read_overview",
    "read_history",
    "read_queue_history",
    "group_dead_letters",
    "create_redrive_job",
    "read_redrive_job",
    "list_redrive_jobs",
];

/// Where an example has other members than its schema says.
fn differences(document: &Value, schema: &Value, example: &Value, place: &str, found: &mut Vec<String>) {
    let schema = match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).expect("a schema"),
        None => schema,
    };
    // What may be null is one of two.
    let choices = ["oneOf", "anyOf"].iter().find_map(|choice| schema[*choice].as_array());
    if let Some(object) = choices.into_iter().flatten().find(|choice| choice["$ref"].is_string())
        && !example.is_null()
    {
        return differences(document, object, example, place, found);
    }
    match example {
        Value::Object(members) => {
            let Some(properties) = schema["properties"].as_object() else { return };
            for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                if !members.contains_key(name) {
                    found.push(format!("{place}/{name} is missing"));
                }
            }
            for (name, value) in members {
                match properties.get(name) {
                    Some(property) => differences(document, property, value, &format!("{place}/{name}"), found),
                    None => found.push(format!("{place}/{name} is no member")),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                differences(document, &schema["items"], item, &format!("{place}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn replies_that_are_hard_to_imagine_are_shown_as_they_are() {
    let lab = Lab::start().await;
    let document = document(&lab).await;
    let mut shown = Vec::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in METHODS {
            let operation = &operations[method];
            let id = operation["operationId"].as_str().unwrap_or_default();
            for (status, reply) in operation["responses"].as_object().into_iter().flatten() {
                let content = &reply["content"]["application/json"];
                let (schema, example) = (&content["schema"], &content["example"]);
                if status.starts_with('2') && !example.is_null() {
                    let mut found = Vec::new();
                    differences(&document, schema, example, "", &mut found);
                    assert!(found.is_empty(), "{method} {path} {status}: {found:?}");
                    shown.push(id.to_owned());
                }
            }
        }
    }
    for id in SHOWN {
        assert!(shown.iter().any(|shown| shown == id), "{id} shows no example: {shown:?}");
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
