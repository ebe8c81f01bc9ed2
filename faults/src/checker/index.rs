//! The history, by event and by engine.

use std::collections::HashMap;

use uuid::Uuid;

use crate::history::{
    Answer, At, Cancel, Enqueue, Entry, Event, Fault, Lease, Pause, Poll, Quarantine, RedriveJobs, Register, Report,
    ReportItem, SECOND, Silence, Span,
};

/// A quarantine may hold before its reply, and for so long after the call that lifts it.
const SETTLES: At = 10 * SECOND;

/// A lease as its engine first heard of it.
#[derive(Clone, Copy, Debug)]
pub struct Heard<'a> {
    pub lease: &'a Lease,
    pub engine: Uuid,
    pub span: Span,
}

/// A word on a lease, and when it was sent.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    pub item: &'a ReportItem,
    pub engine: Uuid,
    pub span: Span,
}

#[derive(Debug, Default)]
pub struct Index<'a> {
    pub enqueues: Vec<&'a Enqueue>,
    pub cancels: Vec<&'a Cancel>,
    pub redrive_jobs: Vec<&'a RedriveJobs>,
    pub polls: Vec<&'a Poll>,
    pub reports: Vec<&'a Report>,
    pub registers: HashMap<Uuid, Vec<&'a Register>>,
    pub silences: Vec<&'a Silence>,
    pub quarantines: Vec<&'a Quarantine>,
    /// Those that were made.
    pub faults: Vec<&'a Fault>,
    pub pauses: Vec<Pause>,
    /// By event; a token is heard once, in the order of attempts.
    pub leases: HashMap<Uuid, Vec<Heard<'a>>>,
    /// By event, in the order in which they were sent.
    pub words: HashMap<Uuid, Vec<Said<'a>>>,
    /// By the label of the follow-up event, the reports that bring it.
    pub follow_ups: HashMap<&'a str, Vec<&'a ReportItem>>,
    pub stock: HashMap<Uuid, &'a Event>,
}

impl<'a> Index<'a> {
    pub fn of(history: &'a [Entry], stock: &'a [Event]) -> Self {
        let mut index = Self { stock: stock.iter().map(|event| (event.event, event)).collect(), ..Self::default() };
        for entry in history {
            match entry {
                Entry::Enqueue(enqueue) => index.enqueues.push(enqueue),
                Entry::Cancel(cancel) => index.cancels.push(cancel),
                Entry::RedriveJobs(run) => index.redrive_jobs.push(run),
                Entry::Poll(poll) => index.add_poll(poll),
                Entry::Report(report) => index.add_report(report),
                Entry::Register(register) => index.registers.entry(register.engine).or_default().push(register),
                Entry::Silence(silence) => index.silences.push(silence),
                Entry::Quarantine(quarantine) => index.quarantines.push(quarantine),
                Entry::Fault(fault) if fault.skipped.is_none() => index.faults.push(fault),
                Entry::Fault(_) => {}
                Entry::Pause(pause) => index.pauses.push(*pause),
            }
        }
        for heard in index.leases.values_mut() {
            heard.sort_by_key(|heard| (heard.lease.attempt, heard.span.ended));
            heard.dedup_by(|again, first| again.lease.token == first.lease.token && again.engine == first.engine);
        }
        for said in index.words.values_mut() {
            said.sort_by_key(|said| said.span.sent);
        }
        index.faults.sort_by_key(|fault| fault.began);
        index
    }

    fn add_poll(&mut self, poll: &'a Poll) {
        self.polls.push(poll);
        for lease in poll.answer.done().into_iter().flatten() {
            let heard = Heard { lease, engine: poll.engine, span: poll.span };
            self.leases.entry(lease.event).or_default().push(heard);
        }
    }

    fn add_report(&mut self, report: &'a Report) {
        self.reports.push(report);
        for item in &report.items {
            if let Some(label) = &item.follow_up {
                self.follow_ups.entry(label).or_default().push(item);
            }
            let said = Said { item, engine: report.engine, span: report.span };
            self.words.entry(item.event).or_default().push(said);
        }
    }

    /// Whether the run of an event may have been cancelled.
    pub fn may_be_cancelled(&self, event: Uuid) -> bool {
        let label = self.stock.get(&event).map(|event| event.label.as_str());
        self.cancels.iter().any(|cancel| Some(cancel.label.as_str()) == label && cancel.answer.may_be_done())
    }

    pub fn words_on(&self, event: Uuid) -> &[Said<'a>] {
        self.words.get(&event).map_or(&[], Vec::as_slice)
    }

    pub fn leases_of(&self, event: Uuid) -> &[Heard<'a>] {
        self.leases.get(&event).map_or(&[], Vec::as_slice)
    }

    /// Until when a lease lasts by the last word on it that was accepted; by the database's clock.
    pub fn expires_at(&self, event: Uuid, lease: &Lease) -> At {
        let renewed = self.words_on(event).iter().filter(|said| said.item.token == lease.token);
        let renewed = renewed.filter_map(|said| said.item.answer.done()?.expires_at);
        renewed.fold(lease.expires_at, At::max)
    }

    pub fn silences_of(&self, engine: Uuid) -> impl Iterator<Item = &'a Silence> {
        self.silences.iter().copied().filter(move |silence| silence.engine == engine)
    }

    /// Whether the engine may have been in quarantine at some time between these; also before the reply that said so.
    pub fn is_quarantined(&self, engine: Uuid, from: At, to: At) -> bool {
        let of_engine = self.quarantines.iter().filter(|quarantine| quarantine.engine == engine);
        of_engine.into_iter().any(|quarantine| quarantine.from - SETTLES <= to && quarantine.to + SETTLES >= from)
    }

    /// Whether the program stood still at some time between these.
    pub fn is_paused(&self, from: At, to: At) -> bool {
        self.pauses.iter().any(|pause| pause.touches(from, to))
    }

    pub fn registers_of(&self, engine: Uuid) -> &[&'a Register] {
        self.registers.get(&engine).map_or(&[], Vec::as_slice)
    }
}

pub fn story(history: &[Entry], stock: &[Event], event: Uuid) -> Vec<String> {
    let label = stock.iter().find(|found| found.event == event).map(|found| found.label.as_str());
    let mut lines: Vec<(At, String)> = Vec::new();
    for entry in history {
        let line = match entry {
            Entry::Enqueue(enqueue) => {
                let is_its = enqueue.answer.done().is_some_and(|events| events.contains(&event));
                let short = |enqueue: &Enqueue| match &enqueue.answer {
                    Answer::Done(events) => format!("{} events acknowledged", events.len()),
                    other => format!("{other:?}"),
                };
                (is_its || Some(enqueue.label.as_str()) == label)
                    .then(|| (enqueue.span, format!("enqueue {}: {}", enqueue.label, short(enqueue))))
            }
            Entry::Cancel(cancel) => (Some(cancel.label.as_str()) == label)
                .then(|| (cancel.span, format!("cancel of {}: {:?}", cancel.label, cancel.answer))),
            Entry::Poll(poll) => poll
                .answer
                .done()
                .and_then(|leases| leases.iter().find(|lease| lease.event == event))
                .map(|lease| (poll.span, format!("poll of engine {}: {lease:?}", poll.engine))),
            Entry::Report(report) => report
                .items
                .iter()
                .find(|item| item.event == event)
                .map(|item| (report.span, format!("report of engine {}: {item:?}", report.engine))),
            Entry::RedriveJobs(_)
            | Entry::Register(_)
            | Entry::Silence(_)
            | Entry::Quarantine(_)
            | Entry::Fault(_)
            | Entry::Pause(_) => None,
        };
        lines.extend(line.map(|(span, text)| {
            let Span { replica, sent, ended } = span;
            (sent, format!("{:10.3} – {:10.3} s, replica {replica}: {text}", seconds(sent), seconds(ended)))
        }));
    }
    for fault in history.iter().filter_map(|entry| if let Entry::Fault(fault) = entry { Some(fault) } else { None }) {
        let (first, last) = (lines.first().map_or(0, |line| line.0), lines.last().map_or(0, |line| line.0));
        if fault.skipped.is_none() && fault.over >= first && fault.began <= last.max(first) {
            let text = format!(
                "{:10.3} – {:10.3} s: fault {}: {} {}",
                seconds(fault.began),
                seconds(fault.over),
                fault.number,
                fault.kind,
                fault.note
            );
            lines.push((fault.began, text));
        }
    }
    lines.sort_by_key(|line| line.0);
    let state = stock.iter().find(|found| found.event == event);
    let end =
        state.map_or_else(|| "at the end: there is no such event".to_owned(), |found| format!("at the end: {found:?}"));
    lines.into_iter().map(|(_, line)| line).chain([end]).collect()
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of a run are far below 2^52")]
pub fn seconds(at: At) -> f64 {
    at as f64 / 1e6
}
