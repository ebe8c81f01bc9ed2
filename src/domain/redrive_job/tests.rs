use chrono::{DateTime, TimeDelta, Utc};
use serde_json::value::RawValue;

use super::*;

const RATE: f64 = 5.0;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn job(settings: Settings) -> WorkingJob {
    let has_canary_ahead = settings.canary.is_some();
    let job = RedriveJob {
        job_id: RedriveJobId(Uuid::nil()),
        settings,
        created_at: at(0),
        created_by: None,
        state: if has_canary_ahead { State::Canary } else { State::Redriving },
        state_reason: None,
        state_changed_at: at(0),
        counts: Counts { matched: 100, ..Counts::default() },
        last_redriven_at: None,
    };
    let place = Place {
        has_canary_ahead,
        canary_judged_by: None,
        chosen_up_to_at: None,
        chosen_up_to_id: None,
        is_all_chosen: false,
        checked_up_to_id: None,
        next_due_at: at(0),
        next_step_at: Some(at(0)),
    };
    WorkingJob { job, place }
}

fn with_canary(count: u32) -> WorkingJob {
    let canary = Canary { count, continue_at_success_ratio: 0.9, wait_seconds: 60 };
    job(Settings { canary: Some(canary), ..Settings::default() })
}

fn end(job: &mut WorkingJob, completed: i64, died_again: i64) {
    let counts = &mut job.job.counts;
    counts.open -= completed + died_again;
    counts.completed += completed;
    counts.died_again += died_again;
}

fn stands(job: &WorkingJob) -> (State, Option<StateReason>) {
    (job.job.state, job.job.state_reason)
}

#[test]
fn a_step_has_room_for_what_the_rate_gives_in_a_second_and_for_the_canary() {
    let room = |rate| job(Settings { events_per_second: rate, ..Settings::default() }).room(at(1));
    let rooms = [None, Some(0.01), Some(4.5), Some(9000.0)].map(room);
    assert_eq!(rooms, [BULK_BATCH_DEAD_LETTERS, 1, 5, BULK_BATCH_DEAD_LETTERS]);
    let mut canary = with_canary(10);
    assert_eq!(canary.room(at(0)), 10);
    canary.note_redriven(7, 7, at(0));
    assert_eq!(canary.room(at(0)), 3);
    canary.note_redriven(3, 3, at(0));
    assert_eq!(canary.room(at(0)), 0);
}

#[test]
fn events_are_due_by_the_rate_and_a_late_job_makes_up_for_a_second() {
    let mut job = job(Settings { events_per_second: Some(RATE), ..Settings::default() });
    assert_eq!(job.schedule(at(0)), (at(0), 0.2));
    job.note_redriven(5, 5, at(0));
    assert_eq!((job.place.next_due_at, job.room(at(0))), (at(1), 0));
    job.set_next_step(at(0));
    assert_eq!(job.place.next_step_at, Some(at(1)));
    assert_eq!(job.room(at(1)), 5);
    // Late by nine seconds: eight are gone.
    assert_eq!(job.schedule(at(10)), (at(9), 0.2));
}

#[test]
fn those_that_were_passed_over_leave_no_time_that_is_given_twice() {
    let mut job = job(Settings { events_per_second: Some(RATE), ..Settings::default() });
    // The first three of five are passed over: the others are due at 0.6 and 0.8 seconds.
    job.note_redriven(2, 5, at(0));
    assert_eq!((job.place.next_due_at, job.job.counts.redriven), (at(1), 2));
    job.note_redriven(0, 0, at(1));
    assert_eq!(job.place.next_due_at, at(1));
}

#[test]
fn a_job_that_is_continued_is_judged_where_all_ended_while_it_was_paused() {
    let mut paused = with_canary(10);
    paused.note_redriven(10, 10, at(0));
    assert_eq!(paused.change(Change::Pause, at(1)), Ok(true));
    end(&mut paused, 10, 0);
    paused.set_next_step(at(2));
    assert_eq!(paused.place.next_step_at, None);
    assert_eq!(paused.change(Change::Continue, at(3)), Ok(true));
    assert_eq!((stands(&paused), paused.place.next_step_at), ((State::Canary, None), Some(at(3))));
    // The same where nothing is left but the canary, and it was undecided.
    let mut undecided = with_canary(10);
    undecided.note_redriven(3, 3, at(0));
    undecided.note_all_chosen(at(0));
    assert!(undecided.judge(at(60)));
    end(&mut undecided, 3, 0);
    assert_eq!(undecided.change(Change::Continue, at(99)), Ok(true));
    assert_eq!(undecided.place.next_step_at, Some(at(99)));
    assert!(undecided.judge(at(99)));
    assert_eq!(stands(&undecided), (State::Finished, None));
}

#[test]
fn a_canary_is_judged_when_all_of_it_has_ended() {
    let mut job = with_canary(10);
    job.note_redriven(10, 10, at(0));
    end(&mut job, 9, 0);
    assert!(!job.judge(at(59)));
    end(&mut job, 0, 1);
    assert!(job.judge(at(59)));
    assert_eq!(stands(&job), (State::Redriving, None));
    let mut bad = with_canary(10);
    bad.note_redriven(10, 10, at(0));
    end(&mut bad, 8, 2);
    bad.judge(at(0));
    assert_eq!(stands(&bad), (State::Stopped, Some(StateReason::CanaryFailed)));
}

#[test]
fn an_undecided_canary_pauses_the_job_and_never_continues_it() {
    let mut job = with_canary(10);
    job.note_redriven(10, 10, at(0));
    assert!(!job.judge(at(59)) && job.judge(at(60)));
    let undecided = (State::Paused, Some(StateReason::CanaryUndecided));
    assert_eq!(stands(&job), undecided);
    end(&mut job, 10, 0);
    assert!(!job.judge(at(100)));
    assert_eq!(stands(&job), undecided);
    assert_eq!(job.change(Change::Continue, at(100)), Ok(true));
    assert_eq!(stands(&job), (State::Redriving, None));
    // One that somebody paused has its canary ahead, and all of its time.
    let mut paused = with_canary(10);
    paused.note_redriven(10, 10, at(0));
    assert_eq!(paused.change(Change::Pause, at(50)), Ok(true));
    assert!(!paused.judge(at(500)));
    assert_eq!(paused.change(Change::Continue, at(500)), Ok(true));
    assert!(!paused.judge(at(559)) && paused.judge(at(560)));
}

#[test]
fn a_job_stops_by_its_ratio_once_enough_have_ended() {
    let mut job = job(Settings { stop_at_failure_ratio: Some(0.5), ..Settings::default() });
    job.note_redriven(40, 40, at(0));
    end(&mut job, 0, 19);
    assert!(!job.judge(at(1)));
    end(&mut job, 1, 0);
    assert!(job.judge(at(1)));
    assert_eq!(stands(&job), (State::Stopped, Some(StateReason::FailureRatio)));
}

#[test]
fn all_that_is_redriven_is_watched_until_it_has_ended() {
    let mut job = job(Settings::default());
    job.note_redriven(5, 5, at(0));
    job.note_all_chosen(at(0));
    assert!(job.judge(at(0)));
    assert_eq!(stands(&job), (State::Watching, None));
    assert_eq!(job.change(Change::Cancel, at(0)), Err(IsOver(State::Watching)));
    end(&mut job, 1, 4);
    assert!(job.judge(at(9)));
    job.set_next_step(at(9));
    assert_eq!((stands(&job), job.place.next_step_at), ((State::Finished, None), None));
}

#[test]
fn counts_that_lag_behind_are_caught_up_with_at_once() {
    let mut job = job(Settings::default());
    job.note_redriven(500, 500, at(0));
    job.note_all_chosen(at(0));
    job.judge(at(0));
    let next_step_at = |job: &mut WorkingJob, is_behind| {
        job.set_next_step(at(0));
        job.catch_up(is_behind, at(0));
        job.place.next_step_at
    };
    assert_eq!([false, true].map(|is_behind| next_step_at(&mut job, is_behind)), [Some(at(1)), Some(at(0))]);
    end(&mut job, 500, 0);
    job.judge(at(0));
    assert_eq!(next_step_at(&mut job, true), None);
}

#[test]
fn a_patch_is_for_objects_within_the_limits() {
    let raw = |json: &str| RawValue::from_string(json.to_owned()).expect("valid");
    let patched = |payload: &str, patch: &str, bytes, depth| {
        patched(&raw(payload), &raw(patch), bytes, depth).map(|json| json.get().to_owned())
    };
    let payload = r#"{"a": 12345678901234567890, "b": 1.10}"#;
    assert_eq!(
        patched(payload, r#"{"c": {}}"#, 100, 2).as_deref(),
        Some(r#"{"a":12345678901234567890,"b":1.10,"c":{}}"#)
    );
    assert_eq!(patched(payload, r#"{"c": {}}"#, 100, 1), None);
    assert_eq!(patched(payload, r#"{"c": {}}"#, 30, 2), None);
    assert_eq!(patched("[1]", r#"{"c": {}}"#, 100, 2), None);
    assert_eq!(patched("null", "{}", 100, 2), None);
}
