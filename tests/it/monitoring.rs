//! The alert rules and the dashboard in `docs` name metrics that exist, and combine those of several servers as they must be.
//! What the rules make of numbers is tested by `make alerts`.

use std::collections::BTreeMap;

use eventlease::metrics::Metrics;
use serde_json::Value;

const ALERTS: &str = include_str!("../../docs/alerts.yml");
const ALERT_TESTS: &str = include_str!("../../docs/alerts_test.yml");
const DASHBOARD: &str = include_str!("../../docs/grafana.json");
const OPERATORS: &str = include_str!("../../docs/operators.md");

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

/// The kind of a metric, which may be named by one of a histogram's series.
fn kind_of(name: &str) -> Option<&'static str> {
    if OF_PROCESS.contains(&name) {
        return Some("process");
    }
    let of = |name: &str| Metrics::DECLARED.iter().find(|(declared, _)| *declared == name).map(|(_, kind)| *kind);
    let histogram = ["_bucket", "_count", "_sum"].iter().find_map(|suffix| name.strip_suffix(suffix));
    of(name).or_else(|| histogram.and_then(of).filter(|kind| *kind == "HistogramVec"))
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
    let (_, section) = OPERATORS.split_once("\n## Metrics and alerts\n").expect("the section");
    let (section, _) = section.split_once("\n## ").expect("the next section");
    for (place, name) in metrics_in(section) {
        let is_prefix = section[place + name.len()..].starts_with('*');
        let is_declared = |name: &str| Metrics::DECLARED.iter().any(|(declared, _)| declared.starts_with(name));
        assert!(if is_prefix { name == "process_" || is_declared(name) } else { kind_of(name).is_some() }, "{name}");
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

/// As GitHub makes an anchor of a heading.
fn anchors(document: &str) -> Vec<String> {
    let headings = document
        .lines()
        .filter_map(|line| line.trim_start_matches('#').strip_prefix(' ').filter(|_| line.starts_with('#')));
    headings
        .map(|heading| {
            let kept = heading
                .to_lowercase()
                .chars()
                .filter(|c| c.is_alphanumeric() || " -_".contains(*c))
                .collect::<String>();
            kept.replace(' ', "-")
        })
        .collect()
}

#[test]
fn every_alert_says_what_it_means_what_to_do_and_is_tested_both_ways() {
    let (alerts, anchors) = (alerts(), anchors(OPERATORS));
    assert!(alerts.len() >= 20, "{alerts:?}");
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
        let anchor = fields["runbook_url"].strip_prefix("docs/operators.md#").expect("a section of docs/operators.md");
        assert!(
            anchors.iter().any(|found| found == anchor),
            "{name}: docs/operators.md has no section {anchor}: {anchors:?}"
        );
        assert!(OPERATORS.contains(&format!("`{name}`")), "docs/operators.md does not name {name}");
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
