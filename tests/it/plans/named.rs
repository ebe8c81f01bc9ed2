//! Every file of SQL has a test of its plan.

use std::fs;
use std::path::Path;

use super::lookups::LOOKUPS;
use super::statements::{ENDS_OF_REDRIVEN, OF_CAUSES, OF_RUNS, PAGES, QUEUE_USES, SCANS, STATEMENTS};

/// Statements without a test of their plan, and why they need none.
const EXEMPT: [(&str, &str); 13] = [
    ("record_redriven", "reads what it is given, and no table"),
    ("database_facts", "reads PostgreSQL's own tables"),
    ("days_ahead", "reads PostgreSQL's own tables"),
    ("old_partitions", "reads PostgreSQL's own tables"),
    ("queue_shares", "reads PostgreSQL's own tables"),
    ("snapshot_holders", "reads PostgreSQL's own tables"),
    ("table_health", "reads PostgreSQL's own tables"),
    ("drain_engines", "goes through all engines, for an operator"),
    ("mark_unresponsive", "goes through all engines"),
    ("engine_groups", "goes through all engines and counts what they hold"),
    ("lock_long_silent", "goes through all engines and what they hold"),
    ("unused_queues", "goes through all queues"),
    ("count_processing", "counts leases, of which there are few"),
];

#[test]
fn every_file_of_sql_has_a_test_of_its_plan() {
    let planned = STATEMENTS.iter().chain(&SCANS).chain(&PAGES).chain([&QUEUE_USES, &ENDS_OF_REDRIVEN]);
    let planned = planned.chain(OF_RUNS.iter().chain(&OF_CAUSES).map(|(statement, _)| statement));
    let planned: Vec<&str> =
        planned.chain(LOOKUPS.iter().map(|lookup| &lookup.statement)).map(|statement| statement.sql).collect();
    let mut exempt: Vec<&str> = EXEMPT.iter().map(|(name, _)| *name).collect();
    let mut missing = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/store/sql");
    for entry in fs::read_dir(folder).expect("the statements") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let statement = fs::read_to_string(&path).expect("a text");
        let is_exempt = exempt.contains(&name);
        exempt.retain(|exempt| *exempt != name);
        if is_exempt == planned.iter().any(|planned| planned.contains(&statement)) {
            missing.push(name.to_owned());
        }
    }
    assert!(missing.is_empty(), "without a test of the plan, or with one in spite of an exemption: {missing:?}");
    assert!(exempt.is_empty(), "exempt, but there is no such file: {exempt:?}");
}
