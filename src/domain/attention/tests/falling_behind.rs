//! The oldest event waits longer and longer.

use super::{calm, changed, engines, minutes, now};
use crate::domain::attention::{Code, of_queue};
use crate::domain::engine::{Standing, TypeSummary};
use crate::domain::queue_activity::ActivityCounts;
use crate::domain::snapshot::QueueSnapshot;

#[test]
fn a_queue_falls_behind_where_its_oldest_event_waits_longer_and_longer() {
    let of = |age: f64, ten_minutes_ago: f64| {
        changed(|queue| {
            queue.report.depth.oldest_due_age_seconds = age;
            queue.minutes = minutes((0..11).map(|n| ten_minutes_ago + (age - ten_minutes_ago) * f64::from(n) / 10.0));
        })
    };
    assert_eq!(of(720.0, 120.0), [Code::FallingBehind]);
    assert_eq!(of(300.0, 0.0), [], "not old enough");
    assert_eq!(of(720.0, 661.0), [], "it holds its ground");
    assert_eq!(of(720.0, 660.0), [Code::FallingBehind]);
    assert_eq!(of(720.0, 1400.0), [], "it catches up");
    let short = changed(|queue| {
        queue.report.depth.oldest_due_age_seconds = 720.0;
        queue.minutes = minutes((0..10).map(|n| f64::from(n) * 60.0));
    });
    assert_eq!(short, [], "ten minutes ago is not known");
    let ends = |counts: ActivityCounts| {
        changed(|queue| {
            queue.report.depth.oldest_due_age_seconds = 720.0;
            queue.minutes = minutes((0..11).map(|n| f64::from(n) * 60.0));
            queue.five_minutes = ActivityCounts { enqueued: 1000, ..counts };
        })
    };
    for counts in [
        ActivityCounts { completed: 1001, ..ActivityCounts::default() },
        ActivityCounts { completed: 1, cancelled: 1000, ..ActivityCounts::default() },
        ActivityCounts { completed: 1, dead_lettered: 1000, ..ActivityCounts::default() },
    ] {
        assert_eq!(ends(counts), [], "more leave the queue than come");
    }
    assert_eq!(ends(ActivityCounts { completed: 1000, ..ActivityCounts::default() }), [Code::FallingBehind]);
}

/// Which engines there are, and what they do, decides what is advised.
#[test]
fn what_helps_a_queue_that_falls_behind_is_told_by_its_slots() {
    let advice = |change: &dyn Fn(&mut QueueSnapshot)| {
        let mut queue = calm();
        queue.report.depth.oldest_due_age_seconds = 720.0;
        queue.minutes = minutes((0..11).map(|n| f64::from(n) * 60.0));
        change(&mut queue);
        let items = of_queue(&queue, now());
        let item = items.iter().find(|item| item.code == Code::FallingBehind).expect("it falls behind");
        let advice = item.what_to_do.strip_suffix(": eventlease explain dialogue").expect("a command");
        advice.to_owned()
    };
    assert_eq!(advice(&|_| ()), "its engines have 3 slots free; see why they do not take more");
    let of =
        |slots, leases_held, unlimited| TypeSummary { unlimited, slots, leases_held, ..engines(Standing::Active, 2) };
    let with = |summary: TypeSummary| advice(&|queue| queue.report.engines = vec![summary.clone()]);
    assert_eq!(with(of(2, 1, 0)), "its engines have 1 slot free; see why they do not take more");
    assert_eq!(with(of(1, 1, 0)), "start more engines of dialogue: 1 of 1 slot is busy; see what else helps");
    assert_eq!(with(of(2, 2, 0)), "start more engines of dialogue: 2 of 2 slots are busy; see what else helps");
    // A limit of nought, and engines without one, which count with what they hold.
    assert_eq!(with(of(0, 0, 0)), "start more engines of dialogue; see what else helps");
    assert_eq!(with(of(0, 0, 2)), "start more engines of dialogue; see what else helps");
    assert_eq!(with(of(3, 3, 2)), "start more engines of dialogue; see what else helps");
    let holding_off = engines(Standing::HoldingOff, 2);
    assert_eq!(with(holding_off), "its engines asked to be given nothing for a while; see what they wait for");
    assert_eq!(
        advice(&|queue| queue.report.engines.clear()),
        "start more engines of dialogue; see what else helps",
        "others lease, unregistered"
    );
    for (most, limit) in [(1, "1 event"), (12, "12 events")] {
        let capped = advice(&|queue| queue.report.queue.settings.max_processing = Some(most));
        assert_eq!(capped, format!("its limit of {limit} at a time is reached; see what follows"));
    }
}
