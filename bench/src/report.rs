//! The table of results: what was measured, beside raw SQL, and what is to be reached.

use crate::figures::{Figures, Summary};

/// A line of the table.
pub struct Line {
    metric: &'static str,
    unit: &'static str,
    /// The metric that the ratio is taken of.
    beside: Option<&'static str>,
    target: Target,
}

pub enum Target {
    RatioAtLeast(f64),
    AtMost(f64),
    None,
}

pub const LINES: &[Line] = &[
    line("raw-1", "/s", None, Target::None),
    line("life-3", "/s", Some("raw-1"), Target::RatioAtLeast(2.4)),
    line("drain-3", "/s", Some("raw-1"), Target::RatioAtLeast(3.6)),
    line("life-3-many", "/s", Some("life-3"), Target::RatioAtLeast(0.8)),
    line("replicas", "/s", Some("drain-3"), Target::RatioAtLeast(0.85)),
    line("raw-100", "/s", None, Target::None),
    line("drain-100", "/s", Some("raw-100"), Target::RatioAtLeast(0.6)),
    line("life-100", "/s", Some("raw-100"), Target::RatioAtLeast(0.4)),
    line("raw-insert-1", "/s", None, Target::None),
    line("enqueue-1", "/s", Some("raw-insert-1"), Target::RatioAtLeast(1.3)),
    line("raw-insert-500", "/s", None, Target::None),
    line("enqueue-500", "/s", Some("raw-insert-500"), Target::RatioAtLeast(0.45)),
    line("pickup p50", "ms", None, Target::AtMost(2.0)),
    line("pickup p99", "ms", None, Target::AtMost(6.0)),
    line("pickup POST p50", "ms", None, Target::None),
    line("pickup POST p99", "ms", None, Target::None),
    line("trickle", "/s", None, Target::None),
    line("trickle p50", "ms", None, Target::None),
    line("trickle p99", "ms", None, Target::None),
    line("trickle cpu server", "µs an event", None, Target::None),
    line("trickle cpu database", "µs an event", None, Target::None),
    line("backlog", "/s", Some("life-3"), Target::RatioAtLeast(0.9)),
    line("viewers overview", "ms", None, Target::AtMost(10.0)),
    line("viewers queues", "ms", None, Target::AtMost(50.0)),
    line("viewers queue", "ms", None, Target::None),
    line("viewers explain queue", "ms", None, Target::AtMost(20.0)),
    line("viewers explain event", "ms", None, Target::AtMost(20.0)),
    line("viewers groups", "ms", None, Target::AtMost(300.0)),
    line("viewers overview age", "s", None, Target::AtMost(5.0)),
    line("viewers overview statements", "a call", None, Target::AtMost(0.02)),
    line("viewers p99 without", "ms", None, Target::None),
    line("viewers p99 with", "ms", None, Target::None),
    line("viewers p99 ratio", "", None, Target::AtMost(1.3)),
    line("viewers history rows", "a minute", None, Target::None),
    line("viewers history wal", "KiB a minute", None, Target::None),
    line("steady", "/s", None, Target::None),
    line("steady, first quarter", "/s", None, Target::None),
    line("steady, last quarter", "/s", Some("steady, first quarter"), Target::RatioAtLeast(0.95)),
    line("old-snapshot", "/s", Some("steady"), Target::RatioAtLeast(0.95)),
    line("old-snapshot, first quarter", "/s", None, Target::None),
    line("old-snapshot, last quarter", "/s", Some("old-snapshot, first quarter"), Target::RatioAtLeast(0.95)),
    line("idle statements", "/s", None, Target::AtMost(20.0)),
    line("idle server", "% of a core", None, Target::AtMost(3.0)),
    line("idle database", "% of a core", None, Target::None),
    line("heartbeats in all", "% of a core", None, Target::AtMost(5.0)),
    line("heartbeats server", "% of a core", None, Target::None),
    line("heartbeats database", "% of a core", None, Target::None),
    line("statements", "an event", None, Target::AtMost(0.5)),
    line("transactions", "an event", None, Target::None),
    line("wal", "KiB an event", None, Target::AtMost(1.5)),
    line("cpu server", "µs an event", None, Target::None),
    line("cpu database", "µs an event", None, Target::None),
    line("cpu load", "µs an event", None, Target::None),
    line("memory", "MiB", None, Target::AtMost(120.0)),
    line("others", "cores", None, Target::None),
];

pub const fn line(metric: &'static str, unit: &'static str, beside: Option<&'static str>, target: Target) -> Line {
    Line { metric, unit, beside, target }
}

/// A table in Markdown, aligned for terminals too.
pub fn table(lines: &[Line], figures: &Figures) -> String {
    let heads = ["mode", "median", "range", "beside", "ratio", "target", ""].map(str::to_owned);
    let rows: Vec<[String; 7]> = lines.iter().filter_map(|line| row(line, figures)).collect();
    let width = |column: usize| rows.iter().chain([&heads]).map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    let rule = std::array::from_fn(|column| "-".repeat(widths[column].max(3)));
    [&heads, &rule].into_iter().chain(&rows).map(|row| text(row, &widths)).collect::<Vec<_>>().join("\n")
}

fn text(row: &[String; 7], widths: &[usize; 7]) -> String {
    let cells: Vec<String> = row.iter().zip(widths).map(|(cell, width)| format!("{cell:<w$}", w = *width)).collect();
    format!("| {} |", cells.join(" | "))
}

fn row(line: &Line, figures: &Figures) -> Option<[String; 7]> {
    let Summary { median, least, most } = figures.summary(line.metric)?;
    let beside = line.beside.and_then(|metric| Some((metric, figures.summary(metric)?.median)));
    let ratios = line.beside.and_then(|metric| figures.ratio(line.metric, metric));
    let ratio = ratios.map(|ratios| ratios.median);
    let (target, is_reached) = match line.target {
        Target::RatioAtLeast(least) => (format!("≥ {least} ×"), ratio.map(|ratio| ratio >= least)),
        Target::AtMost(most) => (format!("≤ {most}"), Some(median <= most)),
        Target::None => (String::new(), None),
    };
    Some([
        line.metric.to_owned(),
        format!("{} {}", number(median), line.unit).replace(" /s", "/s"),
        format!("{}–{}", number(least), number(most)),
        beside.map(|(metric, other)| format!("{metric} {}", number(other))).unwrap_or_default(),
        ratios.map(text_of_ratio).unwrap_or_default(),
        target,
        is_reached.map_or("", |is_reached| if is_reached { "reached" } else { "MISSED" }).to_owned(),
    ])
}

/// The median of the rounds' ratios, and their range where there is one.
fn text_of_ratio(Summary { median, least, most }: Summary) -> String {
    if least < most { format!("{median:.2} ({least:.2}–{most:.2})") } else { format!("{median:.2}") }
}

/// Three digits or more, thousands set apart.
fn number(value: f64) -> String {
    if value < 10.0 {
        return format!("{value:.2}");
    }
    if value < 100.0 {
        return format!("{value:.1}");
    }
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_have_three_digits_or_more() {
        assert_eq!(number(0.456), "0.46");
        assert_eq!(number(45.67), "45.7");
        assert_eq!(number(456.7), "457");
        assert_eq!(number(1_234_567.8), "1,234,568");
    }
}
