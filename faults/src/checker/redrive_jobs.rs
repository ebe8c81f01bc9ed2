//! Redrive jobs put each dead letter back once.

use super::findings::Findings;
use super::index::Index;
use crate::history::{RedriveJobs, Terms};

/// Of the dead letters of a run, a job that came to its end redrove each once; a cancelled one none twice. Each is completed then, or
/// is still a dead letter; and the job says how many it redrove.
pub fn redrive_once(index: &Index<'_>, _: &Terms, findings: &mut Findings) {
    for run in &index.redrive_jobs {
        let letters: Vec<_> = run.events.iter().filter(|event| event.redriven_from.is_none()).collect();
        if letters.len() != run.size {
            findings.of_service(format!("{} has {} events, not {}", run.label, letters.len(), run.size));
        }
        let mut redriven = 0;
        for letter in letters {
            findings.look();
            let (times, ended) = redrives(run, letter.event);
            redriven += times;
            if times > 1 || (times == 0 && !run.is_cancelled) {
                findings.of_event(letter.event, format!("was redriven {times} times by {:?}", run.jobs));
            }
            let expected = if times == 0 { "failed" } else { "completed" };
            if ended != expected {
                findings
                    .of_event(letter.event, format!("is {ended}, and was redriven {times} times by {:?}", run.jobs));
            }
        }
        if redriven != run.redriven {
            findings.of_service(format!("{:?} say {} were redriven: {redriven} were", run.jobs, run.redriven));
        }
    }
}

/// How often a dead letter was redriven, itself or as a new event, and how what was redriven last ended.
fn redrives(run: &RedriveJobs, letter: uuid::Uuid) -> (u32, &str) {
    let (mut times, mut status) = (0, "not there");
    for event in run.events.iter().filter(|event| event.event == letter) {
        (times, status) = (times + event.redrives, &event.status);
    }
    for event in run.events.iter().filter(|event| event.redriven_from == Some(letter)) {
        (times, status) = (times + 1, &event.status);
    }
    (times, status)
}
