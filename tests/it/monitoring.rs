//! The alert rules, the dashboard and the pages on both in `docs` name metrics that exist; rules and dashboard combine those of several
//! servers as they must be. `make alerts` tests which numbers make a rule fire.

use std::collections::BTreeMap;

use eventlease::metrics::Metrics;
use serde_json::{Value, json};

use crate::support::Lab;

const ALERTS: &str = include_str!("../../docs/alerts.yml");
const ALERT_TESTS: &str = include_str!("../../docs/alerts_test.yml");
const DASHBOARD: &str = include_str!("../../docs/grafana.json");
const METRICS: &str = include_str!("../../docs/metrics.md");
const RUNBOOK: &str = include_str!("../../docs/runbook.md");

/// What the client library says of the process.
const OF_PROCESS: [&str; 7] = [
    "process_cpu_seconds_total",
    "process_open_fds",
    "process_max_fds",
    "process_virtual_memory_bytes",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
    "process_threads",
];

/// The fields of each alert, by its name.
fn alerts() -> BTreeMap<&'static str, BTreeMap<&'static str, String>> {
    let mut alerts = BTreeMap::new();
    for rule in ALERTS.split("- alert: ").skip(1) {
        let (name, rest) = rule.split_once('\n').expect("a name");
        let mut fields: BTreeMap<&str, String> = BTreeMap::new();
        let mut last = "";
        for line in rest.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
            let key = line.split_once(':').map(|(key, value)| (key, value.trim()));
            match key {
                Some((key, value)) if key.chars().all(|c| c.is_ascii_lowercase() || c == '_') => {
                    last = key;
                    fields.insert(key, value.trim_start_matches('|').to_owned());
                }
                // An expression of several lines.
                Some(_) | None if last == "expr" => {
                    fields.entry(last).and_modify(|value| *value = format!("{value} {line}"));
                }
                Some(_) | None => {}
            }
        }
        alerts.insert(name, fields);
    }
    alerts
}

/// Every expression of the dashboard.
fn expressions_of_dashboard() -> Vec<String> {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    let panels = dashboard["panels"].as_array().expect("panels");
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    targets.map(|target| target["expr"].as_str().expect("an expression").to_owned()).collect()
}

/// Where metrics stand in an expression, and how they are called there.
fn metrics_in(text: &str) -> Vec<(usize, &str)> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for prefix in ["eventlease_", "process_"] {
        for (begin, _) in text.match_indices(prefix) {
            if begin > 0 && text[..begin].ends_with(is_of_name) {
                continue;
            }
            let end = text[begin..].find(|c| !is_of_name(c)).map_or(text.len(), |length| begin + length);
            found.push((begin, &text[begin..end]));
        }
    }
    found
}

/// The declared name of a metric, which may be named by one of a histogram's series.
fn declared_name(name: &str) -> &str {
    let is_histogram = |name: &str| Metrics::DECLARED.contains(&(name, "HistogramVec"));
    let of_series = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix));
    of_series.filter(|name| is_histogram(name)).unwrap_or(name)
}

/// The kind of a metric, which may be named by one of a histogram's series.
fn kind_of(name: &str) -> Option<&'static str> {
    if OF_PROCESS.contains(&name) {
        return Some("process");
    }
    let name = declared_name(name);
    Metrics::DECLARED.iter().find(|(declared, _)| *declared == name).map(|(_, kind)| *kind)
}

/// The rows of docs/metrics.md that describe a metric, by its name: type and unit, labels, meaning, what is normal, alerts.
fn documented_metrics() -> BTreeMap<&'static str, Vec<&'static str>> {
    let rows = METRICS.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |")?.split_once("` | "));
    let rows = rows.map(|(name, rest)| (name, rest.split(" | ").collect::<Vec<_>>()));
    rows.filter(|(_, cells)| cells.len() == 5).collect()
}

/// What stands between backticks.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// The series in a server's metrics whose labels are not those that docs/metrics.md names.
fn undocumented_labels(text: &str) -> Vec<&str> {
    let documented = documented_metrics();
    let is_wrong = |line: &&str| {
        let series = line.rsplit_once(' ').map_or(*line, |(series, _)| series);
        let (name, labels) = series.split_once('{').unwrap_or((series, ""));
        // `a="x",b="y"}`: the names stand outside the quotes.
        let names = labels.trim_end_matches('}').split('"').step_by(2).map(|name| name.trim_matches([',', '=']));
        let mut names: Vec<&str> = names.filter(|name| !name.is_empty() && *name != "le").collect();
        let mut expected = documented.get(declared_name(name)).map_or_else(|| vec!["a row"], |row| quoted(row[1]));
        names.sort_unstable();
        expected.sort_unstable();
        names != expected
    };
    text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()).filter(is_wrong).collect()
}

/// The functions and aggregations around a place of an expression, from within: `rate`, `sum`.
fn around(expression: &str, place: usize) -> Vec<&str> {
    let (mut depth, mut found) = (0, Vec::new());
    for (index, c) in expression[..place].char_indices().rev() {
        match c {
            ')' => depth += 1,
            '(' if depth > 0 => depth -= 1,
            '(' => {
                let before = expression[..index].trim_end();
                // `sum by (job) (`: the labels stand between.
                let before = match before.strip_suffix(')').and_then(|before| before.rsplit_once('(')) {
                    Some((before, _)) => before.trim_end().trim_end_matches("by").trim_end(),
                    None => before,
                };
                found.push(before.rsplit(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).next().unwrap_or(""));
            }
            _ => {}
        }
    }
    found
}

/// What is wrong with how an expression uses metrics.
fn mistakes(expression: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    for (place, name) in metrics_in(expression) {
        let around = around(expression, place);
        let is_right = match kind_of(name) {
            None => false,
            Some("DatabaseGauge") => around.first().is_some_and(|first| ["max", "min"].contains(first)),
            Some("IntCounter" | "IntCounterVec" | "HistogramVec") => {
                around.first().is_some_and(|first| ["rate", "increase"].contains(first))
                    && around.get(1) == Some(&"sum")
            }
            Some(_) => true,
        };
        if !is_right {
            wrong.push(format!("{name} within {around:?} in {expression}"));
        }
    }
    wrong
}

#[test]
fn alerts_and_dashboard_use_metrics_that_exist_and_combine_those_of_several_servers() {
    let of_alerts = alerts().into_values().map(|fields| fields["expr"].clone());
    let expressions: Vec<String> = of_alerts.chain(expressions_of_dashboard()).collect();
    assert!(expressions.len() > 60, "{}", expressions.len());
    let wrong: Vec<String> = expressions.iter().flat_map(|expression| mistakes(expression)).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    for (page, (place, name)) in
        [METRICS, RUNBOOK].iter().flat_map(|page| metrics_in(page).into_iter().map(move |found| (page, found)))
    {
        let is_prefix = page[place + name.len()..].starts_with('*') || name.ends_with('_');
        let is_declared = |name: &str| Metrics::DECLARED.iter().any(|(declared, _)| declared.starts_with(name));
        assert!(if is_prefix { name == "process_" || is_declared(name) } else { kind_of(name).is_some() }, "{name}");
    }
}

#[test]
fn every_metric_is_documented_with_its_type_and_its_alerts() {
    let (documented, alerts) = (documented_metrics(), alerts());
    let declared = Metrics::DECLARED.iter().copied().chain(OF_PROCESS.map(|name| (name, "process")));
    for (name, kind) in declared {
        let row = documented.get(name).unwrap_or_else(|| panic!("docs/metrics.md has no row for {name}"));
        assert!(row.iter().all(|cell| !cell.trim().is_empty()), "{name}: {row:?}");
        let kind = match kind {
            "IntCounter" | "IntCounterVec" => "counter",
            "HistogramVec" => "histogram",
            "process" if name.ends_with("_total") => "counter",
            _ => "gauge",
        };
        assert_eq!(row[0].split(',').next(), Some(kind), "the type of {name}");
        let uses = |expression: &str| metrics_in(expression).iter().any(|(_, used)| declared_name(used) == name);
        let expected: Vec<&str> =
            alerts.iter().filter(|(_, fields)| uses(&fields["expr"])).map(|(alert, _)| *alert).collect();
        assert_eq!(quoted(row[4]), expected, "the alerts that use {name}");
    }
    assert_eq!(documented.len(), Metrics::DECLARED.len() + OF_PROCESS.len(), "rows of metrics that are gone");
}

#[tokio::test]
async fn every_label_of_a_metric_is_documented() {
    let lab = Lab::start().await;
    lab.enqueue("dialogue", json!({})).await;
    lab.broker().measure().await.expect("a round");
    let text = lab.get("/metrics").await.expect(200).raw;
    assert!(text.contains("eventlease_queue_due_events{"), "{text}");
    assert_eq!(undocumented_labels(&text), Vec::<&str>::new());
}

#[test]
fn labels_that_are_not_documented_are_found() {
    for (line, is_documented) in [
        ("eventlease_database_up 1", true),
        ("eventlease_task_runs_total{outcome=\"ok\",task=\"reaper\"} 7", true),
        ("eventlease_task_runs_total{task=\"reaper\"} 7", false),
        ("eventlease_database_up{pool=\"working\"} 1", false),
        ("eventlease_event_wait_seconds_bucket{engine_type=\"a\",le=\"+Inf\"} 0", true),
        (
            "eventlease_http_request_duration_seconds_sum{method=\"GET\",route=\"/queues/{engine_type}\",status=\"200\"} 0.1",
            true,
        ),
        ("eventlease_invented 1", false),
    ] {
        assert_eq!(undocumented_labels(line).is_empty(), is_documented, "{line}");
    }
}

/// The reader itself must see what it is there to see.
#[test]
fn invented_mistakes_are_found() {
    for (expression, count) in [
        ("sum by (job) (eventlease_queue_due_events) > 1", 1),
        ("max by (job, engine_type) (eventlease_queue_due_events{job=~\"a(b)\"}) > 1", 0),
        ("max(eventlease_queue_due_events)", 0),
        ("rate(eventlease_events_enqueued_total[5m])", 1),
        ("sum by (engine_type) (eventlease_events_enqueued_total)", 1),
        ("sum(rate(eventlease_events_enqueued_total[5m])) / sum(rate(eventlease_invented_total[5m]))", 1),
        ("histogram_quantile(0.9, sum by (le) (rate(eventlease_event_wait_seconds_bucket[5m])))", 0),
        ("sum(rate(eventlease_events_enqueued_total_bucket[5m]))", 1),
        ("process_open_fds / process_invented", 1),
        ("eventlease_database_up == 0", 0),
    ] {
        assert_eq!(mistakes(expression).len(), count, "{expression}: {:?}", mistakes(expression));
    }
}

#[test]
fn every_alert_says_what_it_means_what_to_do_and_is_tested_both_ways() {
    let alerts = alerts();
    assert!(alerts.len() >= 20, "{alerts:?}");
    let sections: BTreeMap<&str, &str> =
        RUNBOOK.split("\n## ").skip(1).filter_map(|section| section.split_once('\n')).collect();
    assert!(sections.keys().eq(alerts.keys()), "{:?}", sections.keys());
    for (name, fields) in &alerts {
        for field in ["expr", "for", "severity", "summary", "description", "runbook_url"] {
            assert!(fields.get(field).is_some_and(|text| !text.is_empty()), "{name} has no {field}");
        }
        assert!(
            ["critical", "warning", "info"].contains(&fields["severity"].as_str()),
            "{name}: {}",
            fields["severity"]
        );
        assert!(fields["description"].ends_with('.'), "{name}: {}", fields["description"]);
        assert_eq!(fields["runbook_url"], format!("docs/runbook.md#{}", name.to_lowercase()), "{name}");
        let row = format!("| [`{name}`](#{}) | {} |", name.to_lowercase(), fields["severity"]);
        assert!(RUNBOOK.contains(&row), "the table of docs/runbook.md has no {row}");
        for part in ["What it means.", "What users notice.", "How to confirm it.", "What to do.", "It is over when"] {
            assert!(sections[name].contains(&format!("\n**{part}**")), "{name} has no part {part}");
        }
        let is_tested =
            |expected: &str| ALERT_TESTS.contains(&format!("alertname: {name}\n        exp_alerts:{expected}\n"));
        assert!(is_tested(""), "{name} is never tested to fire");
        assert!(is_tested(" []"), "{name} is never tested not to fire");
    }
}

#[test]
fn the_dashboard_can_be_imported_into_any_grafana() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).expect("JSON");
    assert_eq!(dashboard["id"], Value::Null, "an id would replace another dashboard");
    let panels = dashboard["panels"].as_array().expect("panels");
    let mut ids: Vec<i64> = panels.iter().filter_map(|panel| panel["id"].as_i64()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), panels.len(), "each panel has an id of its own");
    for panel in panels.iter().filter(|panel| panel["type"] != "row") {
        let sources = panel["targets"].as_array().into_iter().flatten().map(|target| &target["datasource"]["uid"]);
        for source in sources.chain([&panel["datasource"]["uid"]]) {
            assert_eq!(source, "${datasource}", "{}", panel["title"]);
        }
        assert!(panel["description"].as_str().is_some_and(|text| text.ends_with('.')), "{}", panel["title"]);
    }
    let variables = dashboard["templating"]["list"].as_array().expect("variables");
    assert!(variables.iter().any(|variable| variable["type"] == "datasource" && variable["name"] == "datasource"));
    let titles: Vec<&str> = panels.iter().filter(|p| p["type"] == "row").filter_map(|p| p["title"].as_str()).collect();
    for row in ["Queues", "Engines", "Durations", "Dead letters", "Database", "Process"] {
        assert!(titles.contains(&row), "{row}: {titles:?}");
    }
}
