//! A call under way. However it ends, also when whoever made it is ended by the harness, it is in the history.

use crate::checker::GIVEN_UP;
use crate::history::{Answer, At, Entry, Span};
use crate::recorder::Recorder;

pub struct Pending<'a> {
    recorder: &'a Recorder,
    entry: Option<Entry>,
}

impl<'a> Pending<'a> {
    /// `entry` says for now that the call was given up.
    pub const fn new(recorder: &'a Recorder, entry: Entry) -> Self {
        Self { recorder, entry: Some(entry) }
    }

    pub fn ended(mut self, entry: Entry) {
        self.entry = None;
        self.recorder.add(entry);
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        let Some(mut entry) = self.entry.take() else { return };
        let ended = self.recorder.now();
        match &mut entry {
            Entry::Enqueue(call) => call.span.ended = ended,
            Entry::Cancel(call) => call.span.ended = ended,
            Entry::Poll(call) => call.span.ended = ended,
            Entry::Report(call) => call.span.ended = ended,
            Entry::Register(call) => call.span.ended = ended,
            Entry::RedriveJobs(_) | Entry::Silence(_) | Entry::Quarantine(_) | Entry::Fault(_) | Entry::Pause(_) => {}
        }
        self.recorder.add(entry);
    }
}

pub fn given_up<T>() -> Answer<T> {
    Answer::Unsure(GIVEN_UP.to_owned())
}

pub const fn span_from(replica: u8, sent: At) -> Span {
    Span { replica, sent, ended: sent }
}
