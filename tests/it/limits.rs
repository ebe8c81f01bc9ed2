//! Each limit as a client meets it, and the metric that tells of it (docs/limits.md).

mod bodies;
mod connections;
mod database;
mod large_replies;
mod many_waiting;
mod new;
mod pages;
mod parking;
mod queues;
mod readers;
mod replies;
mod room;
pub mod unread_bodies;

use eventlease::metrics::Metrics;

use crate::support::Lab;

/// How many requests, and parts of batches, have met a limit.
async fn refusals(lab: &Lab, limit: &str) -> f64 {
    lab.metric(&format!("eventlease_limit_refusals_total{{limit=\"{limit}\"}}")).await
}

/// How many connections have.
async fn connections_refused(lab: &Lab, limit: &str) -> f64 {
    lab.metric(&format!("eventlease_client_connections_refused_total{{limit=\"{limit}\"}}")).await
}

#[track_caller]
fn is(value: f64, expected: f64) {
    assert!((value - expected).abs() < f64::EPSILON, "{value}, not {expected}");
}

#[test]
fn the_table_lists_every_limit_with_its_setting_and_its_metric() {
    let table = include_str!("../../docs/limits.md");
    let example = include_str!("../../.env.example");
    let mut settings = 0;
    for row in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| limit ")) {
        for word in row.split('`') {
            if word.starts_with("EVENTLEASE_") {
                settings += 1;
                let default = row.split('|').nth(2).expect("a column").trim();
                assert!(example.contains(&format!("#{word}={default}\n")), "{word} is not {default} in .env.example");
            } else if word.starts_with("eventlease_") {
                let name = word.split('{').next().expect("a name");
                assert!(Metrics::DECLARED.iter().any(|(declared, _)| *declared == name), "no metric {name}");
            }
        }
    }
    assert!(settings >= 20, "{settings}");
}
