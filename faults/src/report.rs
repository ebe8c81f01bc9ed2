//! What a run came to, in tables.

use std::collections::BTreeMap;

use comfy_table::{CellAlignment, Table, presets};

use crate::checker::{Verdict, story};
use crate::history::{Answer, Entry, Event, Fault, Kind};

/// Violations of one rule that are quoted whole; the rest is counted.
const QUOTED: usize = 3;

pub fn print(history: &[Entry], stock: &[Event], verdicts: &[Verdict]) {
    println!("\n{}", faults(history));
    println!("\n{}", numbers(history, stock));
    println!("\n{}", rules(verdicts));
    for verdict in verdicts.iter().filter(|verdict| !verdict.violations.is_empty()) {
        println!("\nviolated: {}", verdict.rule);
        for violation in verdict.violations.iter().take(QUOTED) {
            let event = violation.event.map(|event| format!("event {event}: ")).unwrap_or_default();
            let engine = violation.engine.map(|engine| format!(" (engine {engine})")).unwrap_or_default();
            println!("  {event}{}{engine}", violation.text);
            for line in violation.event.map(|event| story(history, stock, event)).unwrap_or_default() {
                println!("    {line}");
            }
        }
        let more = verdict.violations.len().saturating_sub(QUOTED);
        if more > 0 {
            println!("  and {more} more");
        }
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::ASCII_MARKDOWN).set_header(header);
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn faults(history: &[Entry]) -> Table {
    let made: Vec<&Fault> =
        history.iter().filter_map(|entry| if let Entry::Fault(fault) = entry { Some(fault) } else { None }).collect();
    let mut table = table(&["fault", "made", "skipped"]);
    let count = |kind: Kind, is_skipped: bool| {
        made.iter().filter(|fault| fault.kind == kind && fault.skipped.is_some() == is_skipped).count()
    };
    let mut sums = (0, 0);
    for kind in Kind::OF_SERVICE.into_iter().chain(Kind::OF_CLIENTS) {
        let (done, skipped) = (count(kind, false), count(kind, true));
        sums = (sums.0 + done, sums.1 + skipped);
        let why = made.iter().find(|fault| fault.kind == kind).and_then(|fault| fault.skipped.as_deref());
        let skipped = why.map_or_else(|| skipped.to_string(), |why| format!("{skipped}: {why}"));
        table.add_row([kind.to_string(), done.to_string(), skipped]);
    }
    table.add_row(["in all".to_owned(), sums.0.to_string(), sums.1.to_string()]);
    table
}

fn numbers(history: &[Entry], stock: &[Event]) -> Table {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut add = |name: &str, count: usize| *counts.entry(name.to_owned()).or_default() += count;
    for entry in history {
        match entry {
            Entry::Enqueue(call) => {
                add("calls: enqueue", 1);
                add("calls: enqueue, without a reply", usize::from(!is_answered(&call.answer)));
                add("events acknowledged", call.answer.done().map_or(0, Vec::len));
            }
            Entry::Poll(call) => {
                add("calls: poll", 1);
                add("calls: poll, without a reply", usize::from(!is_answered(&call.answer)));
                add("leases heard of", call.answer.done().map_or(0, Vec::len));
            }
            Entry::Report(call) => {
                add("calls: report or heartbeat", 1);
                for item in &call.items {
                    match item.answer {
                        Answer::Done(_) => add("words accepted", 1),
                        Answer::Refused(_) => add("words refused", 1),
                        Answer::Unsure(_) | Answer::Unsent => add("words without a reply", 1),
                    }
                }
            }
            Entry::Register(_) => add("calls: register", 1),
            Entry::Cancel(_) => add("calls: cancel", 1),
            Entry::RedriveJobs(run) => {
                add("redrive jobs", run.jobs.len());
                add("dead letters redriven by jobs", usize::try_from(run.redriven).unwrap_or(0));
            }
            Entry::Pause(_) => add("times that this program stood still", 1),
            Entry::Silence(_) | Entry::Quarantine(_) | Entry::Fault(_) => {}
        }
    }
    for event in stock {
        add("events", 1);
        add(&format!("events {}", event.reason.as_ref().unwrap_or(&event.status)), 1);
        add("attempts", usize::try_from(event.attempt).unwrap_or(0));
        for attempt in event.attempts.iter().flatten() {
            add(
                &format!("attempts read: {}{}", attempt.outcome, if attempt.late_by.is_some() { ", late" } else { "" }),
                1,
            );
        }
    }
    let mut table = table(&["what", "count"]);
    for (name, count) in counts {
        table.add_row([name, count.to_string()]);
    }
    table
}

fn rules(verdicts: &[Verdict]) -> Table {
    let mut table = table(&["rule", "looked at", "violations"]);
    for verdict in verdicts {
        table.add_row([verdict.rule.to_owned(), verdict.looked_at.to_string(), verdict.violations.len().to_string()]);
    }
    table
}

const fn is_answered<T>(answer: &Answer<T>) -> bool {
    matches!(answer, Answer::Done(_) | Answer::Refused(_))
}
