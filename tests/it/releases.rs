//! What an engine says with a release or a failure, and who is told of it.

use serde_json::{Value, json};

use crate::support::Lab;

#[tokio::test]
async fn a_release_says_why_and_how_far_it_came_and_the_next_engine_is_told() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!((&leased["releases_in_row"], &leased["previous"]), (&json!(0), &Value::Null));
    let words = json!({"code": "no_handler", "reason": "nobody here speaks French", "progress": {"page": 3.0}});
    lab.settle(&leased, "queued", words).await.expect(200);

    let attempt = lab.attempts(&event_id).await[0].clone();
    assert_eq!((&attempt["outcome"], &attempt["code"]), (&json!("released"), &json!("no_handler")));
    assert_eq!(
        (&attempt["reason"], &attempt["progress"]),
        (&json!("nobody here speaks French"), &json!({"page": 3.0}))
    );
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["releases_in_row"], 1);
    let previous = &leased["previous"];
    assert_eq!((&previous["code"], &previous["progress"]), (&json!("no_handler"), &json!({"page": 3.0})));
    assert_eq!(previous["reason"], "nobody here speaks French");
    // Who holds it, and who lists that, is told the same.
    let path = format!("/api/v1/engines/{engine}/leases");
    let listed = lab.get(&path).await.expect(200).body["items"][0].clone();
    assert_eq!((&listed["previous"], &listed["releases_in_row"]), (previous, &json!(1)));

    lab.settle(&leased, "queued", json!({})).await.expect(200);
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!((&leased["releases_in_row"], &leased["previous"]["code"]), (&json!(2), &Value::Null));
    // One with a delay of its own counts as well.
    lab.settle(&leased, "queued", json!({"delay_seconds": 600, "code": "hold"})).await.expect(200);
    lab.make_due(&event_id).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!((&leased["releases_in_row"], &leased["previous"]["code"]), (&json!(3), &json!("hold")));
    lab.settle(&leased, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn a_failure_says_how_far_it_came_and_a_dead_letter_keeps_all_words() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "processing", json!({"progress": "a little"})).await.expect(200);
    lab.settle(&leased, "queued", json!({"code": "hold"})).await.expect(200);
    // What renewals said stays where the end says nothing.
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["previous"]["progress"], "a little");
    lab.settle(&leased, "processing", json!({"progress": "a little"})).await.expect(200);
    lab.settle(&leased, "failed", json!({"retryable": false, "progress": "nearly done"})).await.expect(200);

    let letter = lab.get(&format!("/api/v1/dead-letters/{event_id}")).await.expect(200).body;
    let shown: Vec<_> =
        letter["attempts"]["items"].as_array().or(letter["attempts"].as_array()).expect("attempts").clone();
    let by_number = |number: i32| shown.iter().find(|attempt| attempt["attempt"] == number).expect("an attempt");
    assert_eq!((&by_number(1)["code"], &by_number(1)["progress"]), (&json!("hold"), &json!("a little")));
    assert_eq!((&by_number(2)["code"], &by_number(2)["progress"]), (&Value::Null, &json!("nearly done")));
    // They come back with it, also where history is gone.
    lab.sql("delete from eventlease.event_attempts").await;
    lab.post(&format!("/api/v1/dead-letters/{event_id}/redrive"), &json!({})).await.expect(200);
    assert_eq!(lab.attempts(&event_id).await[0]["code"], "hold");
    let leased = lab.lease_one("dialogue", &engine).await;
    assert_eq!(leased["previous"]["progress"], "nearly done");
    lab.settle(&leased, "completed", json!({})).await.expect(200);
}

#[tokio::test]
async fn words_that_are_too_long_or_stand_in_the_wrong_place_are_named() {
    let lab = Lab::start_with(&["--max-detail-bytes", "1000"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let long = json!({"code": "x".repeat(65), "reason": "x".repeat(501), "progress": "x".repeat(1001)});
    let refused = lab.settle(&leased, "queued", long).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/code", "/progress", "/reason"]);
    let elsewhere = json!({"code": "hold", "reason": "because", "progress": 1});
    let refused = lab.settle(&leased, "completed", elsewhere.clone()).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/code", "/progress", "/reason"]);
    let details = ["goes only with status queued", "goes only with status failed, queued or processing"];
    let told = [0, 1].map(|place| refused.body["errors"][place]["detail"].clone());
    assert_eq!(told, details, "{refused:?}");
    let refused = lab.settle(&leased, "failed", elsewhere.clone()).await.problem(422, "invalid_input");
    assert_eq!(refused.places(), ["/code", "/reason"]);
    lab.settle(&leased, "queued", elsewhere).await.expect(200);
}
