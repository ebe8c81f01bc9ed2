//! Settings of queues and retry policies of event types; and what is due, without leasing it.

use serde_json::{Value, json};

use super::{ask, cell, printed, printed_json, refused, row_with};
use crate::support::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn settings_of_a_queue_are_set_and_unset() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    let set =
        "queues set dialogue --max-processing 5 --visibility-timeout-seconds 600 --max-retries 1 --retry-delay-max 60";
    let told = printed(ask(&lab, set).await);
    for fact in [
        "max_processing = 5 (of the queue)",
        "visibility_timeout_seconds = 600 (of the queue)",
        "retry_policy.max_retries = 1 (of the queue)",
        "retry_policy.retry_delay.max = 60 (of the queue)",
    ] {
        assert!(told.contains(fact), "{fact}: {told}");
    }
    // What is not named stays.
    let json =
        printed_json(ask(&lab, "queues set dialogue --unset max-processing,retry-delay-max --jitter 0.5 --json").await);
    let settings = &json["settings"];
    assert_eq!(settings["max_processing"], json!({"value": null, "source": "server"}));
    assert_eq!(settings["visibility_timeout_seconds"], json!({"value": 600, "source": "queue"}));
    assert_eq!(settings["retry_policy"]["retry_delay"]["max"], json!({"value": 300, "source": "server"}));
    assert_eq!(settings["retry_policy"]["max_retries"], json!({"value": 1, "source": "queue"}));
    assert_eq!(settings["retry_policy"]["jitter"], json!({"value": 0.5, "source": "queue"}));

    // A name that may be misspelt is told, and what is out of bounds is refused by its member.
    let ended = ask(&lab, "queues set dialog --default-limit 7").await;
    assert!(ended.code == Some(0) && ended.stderr.contains("queue dialog did not exist until now"), "{ended:?}");
    let told = refused(ask(&lab, "queues set dialogue --max-retries 101").await);
    assert!(told.contains("retry_policy.max_retries"), "{told}");
    for wrong in
        ["queues set dialogue", "queues set dialogue --max-processing many", "queues set dialogue --unset speed"]
    {
        assert_eq!(ask(&lab, wrong).await.code, Some(2), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_queue_is_paused_and_resumed_by_both_names() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    assert!(printed(ask(&lab, "queues pause dialogue --reason upkeep").await).contains("upkeep"));
    assert_ne!(lab.get("/api/v1/queues/dialogue").await.expect(200).body["pause"], Value::Null);
    assert!(printed(ask(&lab, "queues resume dialogue").await).contains("resumed"));
    assert_eq!(lab.get("/api/v1/queues/dialogue").await.expect(200).body["pause"], Value::Null);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_due_is_shown_in_the_order_of_leasing() {
    let lab = Lab::start().await;
    let low = lab.enqueue("dialogue", json!({"priority": 1})).await;
    let high = lab.enqueue("dialogue", json!({"priority": 9})).await;
    lab.enqueue("dialogue", json!({"delay_seconds": 1000})).await;
    for command in ["peek dialogue", "queues peek dialogue"] {
        let table = printed(ask(&lab, command).await);
        assert_eq!(table.lines().count(), 3, "{table}");
        assert!(table.find(&high) < table.find(&low), "{table}");
        assert_eq!(cell(&row_with(&table, &high), "PRIORITY"), "9", "{table}");
    }
    assert_eq!(lab.event(&high).await["status"], "queued");
    let json = printed_json(ask(&lab, "peek dialogue --limit 1 --json --payload").await);
    assert_eq!((&json["items"][0]["event_id"], &json["items"][0]["payload"]), (&json!(high), &json!({"n": 1})));
    let first = ask(&lab, "peek dialogue --limit 1").await;
    assert_eq!(first.stderr, "the first 1 due event; there are more: see --limit\n");
    lab.post("/api/v1/queues/spare/pause", &json!({})).await.expect(200);
    let none = ask(&lab, "peek spare").await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "no due events\n"));
    assert!(refused(ask(&lab, "peek nobody").await).contains("queue_not_found"));
}

#[tokio::test(flavor = "multi_thread")]
async fn retry_policies_of_event_types_are_listed_set_and_unset() {
    let lab = Lab::start().await;
    let none = ask(&lab, "policies").await;
    let told = (none.code, none.stderr.as_str());
    assert_eq!(told, (Some(0), "no retry policies\n"));
    let told = printed(
        ask(&lab, "policies set dialogue.requested --max-retries 5 --retry-delay-initial 7 --jitter 0.25").await,
    );
    for fact in ["dialogue.requested", "7 s", "0.25", "inherited"] {
        assert!(told.contains(fact), "{fact}: {told}");
    }
    let table = printed(ask(&lab, "policies").await);
    let row = row_with(&table, "dialogue.requested");
    let cells = ["RETRIES", "FIRST DELAY", "MAX DELAY", "LOSSES", "JITTER"].map(|heading| cell(&row, heading));
    assert_eq!(cells, ["5", "7 s", "-", "-", "0.25"], "{table}");

    // What is not named stays.
    printed(ask(&lab, "policies set dialogue.requested --dead-letter-threshold 1 --unset jitter").await);
    let kept = lab.get("/api/v1/event-types/dialogue.requested/retry-policy").await.expect(200).body;
    let expected = json!({"max_retries": 5, "retry_delay": {"initial": 7}, "dead_letter_threshold": 1});
    let policy = kept["retry_policy"].as_object().expect("a policy").clone();
    let given: serde_json::Map<_, _> = policy.into_iter().filter(|(_, value)| !value.is_null()).collect();
    let delay: serde_json::Map<_, _> = given["retry_delay"]
        .as_object()
        .expect("delays")
        .clone()
        .into_iter()
        .filter(|(_, value)| !value.is_null())
        .collect();
    assert_eq!(
        (&given["max_retries"], &given["dead_letter_threshold"]),
        (&expected["max_retries"], &expected["dead_letter_threshold"])
    );
    assert!(!given.contains_key("jitter") && Value::Object(delay) == expected["retry_delay"], "{kept}");

    let shown = printed_json(ask(&lab, "policies dialogue.requested --json").await);
    assert_eq!(shown["retry_policy"]["max_retries"], 5);
    assert!(refused(ask(&lab, "policies set e --jitter 7").await).contains("jitter"));
    assert!(printed(ask(&lab, "policies unset dialogue.requested").await).contains("dialogue.requested"));
    assert!(refused(ask(&lab, "policies dialogue.requested").await).contains("404"));
    for wrong in ["policies set e", "policies set e --max-retries 1 --unset max-retries", "policies set"] {
        assert_eq!(ask(&lab, wrong).await.code, Some(2), "{wrong}");
    }
}
