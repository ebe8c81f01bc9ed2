//! `engines drain` and `engines resume`.

use serde_json::{Value, json};

use super::{ask, printed, printed_json, refused};
use crate::support::Lab;

async fn status(lab: &Lab, engine: &str) -> Value {
    lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200).body["status"].clone()
}

fn of_version(version: &str) -> Value {
    json!({"metadata": {"static_config": {"engine_software_version": version}}})
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_that_are_named_are_drained_and_resumed() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    lab.enqueue("dialogue", json!({})).await;
    lab.lease_one("dialogue", &engine).await;
    let told = printed(ask(&lab, &format!("engines drain {engine}")).await);
    assert_eq!(told, format!("{engine} is draining, and holds 1 lease\n"));
    assert_eq!(status(&lab, &engine).await, "draining");
    let told = printed_json(ask(&lab, &format!("engines resume {engine} --json")).await);
    assert_eq!((&told["engine_id"], &told["status"]), (&json!(engine), &json!("active")));

    let other = lab.register("dialogue", json!({})).await;
    assert!(refused(ask(&lab, &format!("engines drain {engine} {other}")).await).contains("Drain 2 engines?"));
    assert_eq!(printed(ask(&lab, &format!("engines drain {engine} {other} --yes")).await).lines().count(), 2);
    assert_eq!(status(&lab, &other).await, "draining");
    // The old form still reads one engine.
    assert!(printed(ask(&lab, &format!("engines {engine}")).await).contains("draining"));
}

#[tokio::test(flavor = "multi_thread")]
async fn engines_of_a_version_are_drained_after_a_count_and_a_question() {
    let lab = Lab::start().await;
    let old = [lab.register("dialogue", of_version("1.4")).await, lab.register("dialogue", of_version("1.4")).await];
    let new = lab.register("dialogue", of_version("1.5")).await;
    let drain = "engines drain --engine-type dialogue --engine-software-version 1.4";
    let counted = printed(ask(&lab, &format!("{drain} --dry-run")).await);
    assert_eq!(counted, "2 engines match, 0 draining; nothing was changed\n");
    let told = refused(ask(&lab, drain).await);
    let question = "Drain 2 engines with engine_type \"dialogue\", engine_software_version \"1.4\"?";
    assert!(told.contains(question) && told.contains("--yes"), "{told}");
    assert_eq!(status(&lab, &old[0]).await, "active");

    assert_eq!(printed(ask(&lab, &format!("{drain} --yes")).await), "2 engines match, 2 draining\n");
    assert_eq!((status(&lab, &old[1]).await, status(&lab, &new).await), (json!("draining"), json!("active")));
    // There is nothing to ask about any more.
    assert_eq!(printed(ask(&lab, drain).await), "2 engines match, 2 draining\n");
    let json = printed_json(ask(&lab, &format!("{drain} --json")).await);
    assert_eq!((&json["matched"], json["engine_ids"].as_array().map(Vec::len)), (&json!(2), Some(2)));

    let resume = "engines resume --engine-software-version 1.4";
    assert!(refused(ask(&lab, resume).await).contains("Resume 2 engines?"));
    assert_eq!(printed(ask(&lab, &format!("{resume} --yes")).await).lines().count(), 2);
    assert_eq!(status(&lab, &old[0]).await, "active");
    let none = ask(&lab, resume).await;
    assert_eq!(
        (none.code, none.stderr.as_str()),
        (Some(0), "no engine with engine_software_version \"1.4\" is draining\n")
    );
    for wrong in
        ["engines drain", "engines resume", "engines drain x --engine-type dialogue", "engines drain x --dry-run"]
    {
        assert_eq!(ask(&lab, wrong).await.code, Some(2), "{wrong}");
    }
}
