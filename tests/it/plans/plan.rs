//! A plan as `EXPLAIN (ANALYZE, FORMAT JSON)` tells it, reduced to the scans that ran.

use std::collections::BTreeSet;

use serde_json::Value;

#[derive(Debug)]
pub struct Scan {
    pub kind: String,
    pub table: String,
    pub index: String,
    pub loops: u64,
    /// It reads what a condition of the index chooses, and not all of it.
    pub is_by_condition: bool,
}

/// Stands for an index where rows were found by their places.
pub const CTID: &str = "ctid";

/// The scans of a plan that ran at least once.
#[derive(Debug)]
pub struct Plan(pub Vec<Scan>);

impl Plan {
    pub fn of(explained: &Value) -> Self {
        let mut scans = Vec::new();
        collect(&explained[0]["Plan"], &mut scans);
        Self(scans)
    }

    fn of_table<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a Scan> {
        // A partition is named for its table and its day.
        self.0.iter().filter(move |scan| {
            scan.table.strip_prefix(table).is_some_and(|rest| rest.is_empty() || rest.starts_with("_2"))
        })
    }

    /// How many partitions of a table were looked into.
    pub fn partitions(&self, table: &str) -> usize {
        self.of_table(table).map(|scan| &scan.table).collect::<BTreeSet<_>>().len()
    }

    /// How often any of its partitions was looked into.
    pub fn lookups(&self, table: &str) -> u64 {
        self.of_table(table).map(|scan| scan.loops).sum()
    }

    /// The indexes of a table that were read from end to end.
    pub fn whole_indexes<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a str> {
        self.of_table(table).filter(|scan| !scan.is_by_condition).map(|scan| scan.index.as_str())
    }

    pub fn sequential(&self) -> Vec<&Scan> {
        let tables = ["event_queue", "event_leases", "events", "event_attempts", "dead_letters", "redriven_by_jobs"];
        tables.iter().flat_map(|table| self.of_table(table)).filter(|scan| scan.kind == "Seq Scan").collect()
    }

    pub fn indexes<'a>(&'a self, table: &'a str) -> BTreeSet<&'a str> {
        self.of_table(table).map(|scan| scan.index.as_str()).collect()
    }
}

fn collect(node: &Value, scans: &mut Vec<Scan>) {
    let text = |name: &str| node[name].as_str().unwrap_or_default().to_owned();
    let loops = node["Actual Loops"].as_u64().unwrap_or(0);
    let kind = text("Node Type");
    if loops > 0 && kind.ends_with("Scan") && node["Relation Name"].is_string() {
        let indexes = match kind.as_str() {
            "Bitmap Heap Scan" => indexes_of_bitmap(node),
            "Tid Scan" => vec![CTID.to_owned()],
            _ => vec![text("Index Name")],
        };
        let is_by_condition = ["Index Cond", "TID Cond", "Recheck Cond"].iter().any(|cond| node[*cond].is_string());
        let of = |index| Scan { kind: kind.clone(), table: text("Relation Name"), index, loops, is_by_condition };
        scans.extend(indexes.into_iter().map(of));
    }
    for child in node["Plans"].as_array().into_iter().flatten() {
        collect(child, scans);
    }
}

/// The indexes of a bitmap scan are named in the nodes below, one or several.
fn indexes_of_bitmap(node: &Value) -> Vec<String> {
    // What is beside them are plans of its conditions.
    let is_below = |child: &&Value| matches!(child["Parent Relationship"].as_str(), Some("Outer" | "Member"));
    let below = node["Plans"].as_array().into_iter().flatten().filter(is_below);
    below
        .flat_map(|child| {
            child["Index Name"].as_str().map_or_else(|| indexes_of_bitmap(child), |name| vec![name.to_owned()])
        })
        .collect()
}
