//! `queues quarantine`, `queues quarantines` and `queues lift`, and where else quarantines show.

use serde_json::json;

use super::{ask, printed, printed_json, refused};
use crate::support::Lab;

#[tokio::test(flavor = "multi_thread")]
async fn a_version_is_quarantined_shown_and_lifted() {
    let lab = Lab::start().await;
    let config = json!({"metadata": {"static_config": {"engine_software_version": "1.4.0"}}});
    let engine = lab.register("dialogue", config).await;
    lab.enqueue("dialogue", json!({})).await;
    let version = "--engine-software-version 1.4.0";
    let told = printed(ask(&lab, &format!("queues quarantine dialogue {version} --reason slow")).await);
    for part in ["1.4.0", "when lifted", "slow"] {
        assert!(told.contains(part), "{told}");
    }
    let made =
        ask(&lab, "queues quarantine dialogue --without-version --reason old --lift-after-seconds 600 --json").await;
    let made = printed_json(made);
    assert_eq!((&made["engine_software_version"], made["lift_at"].is_string()), (&json!(null), true));

    let listed = printed(ask(&lab, "queues quarantines dialogue").await);
    for part in ["VERSION", "ENDS", "1.4.0", "(no version)", "slow", "old", "when lifted", "in "] {
        assert!(listed.contains(part), "{part}: {listed}");
    }
    let report = printed(ask(&lab, "queues dialogue").await);
    assert!(report.contains("0 active, 0 draining, 0 unresponsive, 1 quarantined"), "{report}");
    assert!(report.contains("version 1.4.0: slow"), "{report}");
    assert!(printed(ask(&lab, &format!("engines {engine}")).await).contains("it gets no events"));
    assert!(printed(ask(&lab, "engines").await).contains("active, quarantined"));

    assert!(printed(ask(&lab, &format!("queues lift dialogue {version}")).await).contains("1.4.0"));
    assert!(printed(ask(&lab, "queues lift dialogue --without-version").await).contains("(no version)"));
    lab.lease_one("dialogue", &engine).await;
    let told = refused(ask(&lab, &format!("queues lift dialogue {version}")).await);
    assert!(told.contains("dialogue has no quarantine of version 1.4.0"), "{told}");
    // Which one has to be said, and one at a time.
    for which in ["", "--without-version --engine-software-version 1"] {
        let ended = ask(&lab, &format!("queues lift dialogue {which}")).await;
        assert_eq!(ended.code, Some(2), "{ended:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_drain_with_its_reason_and_the_words_of_a_release_are_shown() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    printed(ask(&lab, &format!("engines drain {engine} --reason upgrade --then stay")).await);
    let shown = printed(ask(&lab, &format!("engines {engine}")).await);
    for part in ["draining since", "upgrade", "stay"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(refused(ask(&lab, &format!("engines drain {engine} --then leave")).await).contains("exit or stay"));
    printed(ask(&lab, &format!("engines resume {engine}")).await);
    let event_id = lab.enqueue("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    lab.settle(&leased, "queued", json!({"code": "no_handler", "reason": "nobody speaks French"})).await.expect(200);
    let shown = printed(ask(&lab, &format!("events {event_id}")).await);
    assert!(shown.contains("no_handler: nobody speaks French"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_engine_that_holds_off_is_shown_as_that() {
    let lab = Lab::start().await;
    let engine = lab.register("dialogue", json!({})).await;
    let until: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("select statement_timestamp() + interval '10 minutes'")
            .fetch_one(&lab.db)
            .await
            .expect("a time");
    let said = json!({"holding_off": {"until": until, "reason": "the provider answers 429"}});
    lab.heartbeat(&engine, said).await.expect(200);
    assert!(printed(ask(&lab, "engines").await).contains("active, holds off"));
    assert!(printed(ask(&lab, &format!("engines {engine}")).await).contains("the provider answers 429"));
    let report = printed(ask(&lab, "queues dialogue").await);
    assert!(report.contains("0 active, 0 draining, 0 unresponsive, 1 holding off"), "{report}");
}
