//! `audit`: what was changed, by filters.

use serde_json::json;

use super::{ask, assert_harmless, cell, printed, printed_json, refused, row_with};
use crate::support::{Lab, Reply};

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_listed_by_filters_the_newest_first() {
    let lab = Lab::start().await;
    let pause = json!({"reason": "model \u{202e}upgrade"});
    // The reason has a character that changes the order of those beside it.
    lab.post("/api/v1/queues/dialogue/pause", &pause).await.expect(200);
    lab.post("/api/v1/queues/dialogue/resume", &json!({})).await.expect(200);
    let by_dashboard = lab.request("POST", "/api/v1/queues/vision/pause").header("x-eventlease-dashboard", "1");
    Reply::of(by_dashboard.json(&json!({}))).await.expect(200);

    let table = printed(ask(&lab, "audit").await);
    assert_harmless(&table);
    assert_eq!(table.lines().count(), 4, "{table}");
    assert!(table.find("vision") < table.find("dialogue"), "{table}");
    let row = row_with(&table, "upgrade");
    let cells = ["ACTOR", "ACTION", "SUBJECT", "ROLE", "ADDRESS", "VIA"].map(|heading| cell(&row, heading));
    assert_eq!(cells, ["anonymous", "pause_queue", "dialogue", "-", "127.0.0.1", "-"], "{table}");
    assert_eq!(cell(&row_with(&table, "vision"), "VIA"), "dashboard", "{table}");

    let filtered =
        printed_json(ask(&lab, "audit --action pause_queue --subject dialogue --actor anonymous --json").await);
    assert_eq!(filtered["items"].as_array().map(Vec::len), Some(1));
    assert_eq!(filtered["items"][0]["details"]["reason"], pause["reason"]);
    let none = ask(&lab, "audit --recorded-before 2020-01-01T00:00:00Z").await;
    assert_eq!((none.code, none.stderr.as_str()), (Some(0), "no entries\n"));
    let told = refused(ask(&lab, "audit --action dance --recorded-after yesterday").await);
    assert!(told.contains("\n  action: ") && told.contains("\n  recorded_after: "), "{told}");
}
