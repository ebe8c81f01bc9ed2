//! Days on which something breaks at nine: what is shown, how soon, and how soon it is gone after the repair.

use super::day::{DAY, Day, Failure, HOUR, Habit, MINUTE, STEADY};
use crate::domain::attention::Code;

const AT: i64 = 9 * HOUR;
const REPAIRED: i64 = 10 * HOUR;

/// The day goes on to that time.
fn pass_to(day: &mut Day, end: i64) {
    while day.at < end {
        day.pass();
    }
}

/// From then to then, nothing but these is shown.
fn shows(day: &mut Day, span: (i64, i64), codes: &[Code]) {
    pass_to(day, span.0);
    while day.at < span.1 {
        assert_eq!(day.codes(), codes, "{} at {} s of the day", day.habit.name, day.at);
        day.pass();
    }
}

/// What is first shown, and how long after nine.
fn first_shown(habit: Habit) -> (Code, i64) {
    let mut day = Day::of(habit);
    while day.at < DAY {
        day.pass();
        if let Some(code) = day.codes().first() {
            return (*code, day.at - AT);
        }
    }
    panic!("{}", habit.name)
}

#[test]
fn each_problem_in_a_calm_day_is_shown_soon() {
    let within = |habit: Habit, code: Code, seconds: i64| {
        let (found, after) = first_shown(habit);
        assert!(found == code && (0..=seconds).contains(&after), "{}: {found:?} after {after} s", habit.name);
    };
    // Each begins at nine, and all was calm until then.
    let more = |at: i64| if at < AT { 2 } else { 6 };
    within(Habit { name: "three times as much", comes: more, ..STEADY }, Code::FallingBehind, 25 * MINUTE);
    within(Habit { name: "forgotten pause", paused: Some((AT, DAY)), ..STEADY }, Code::PausedLong, 61 * MINUTE);
    let never_started =
        Habit { name: "never started", comes: |at| i64::from(at == AT), engines: 0, scales_to_zero: true, ..STEADY };
    within(never_started, Code::NobodyWorks, 40);
    let fails = Habit { name: "fails", fails: Some((AT, REPAIRED)), ..STEADY };
    within(fails, Code::Dying, 4 * MINUTE);
    within(Habit { name: "is lost", failure: Failure::Lost, ..fails }, Code::Dying, 4 * MINUTE);
    within(Habit { name: "dies", failure: Failure::Final, ..fails }, Code::DeadLettersNew, MINUTE);
    within(Habit { name: "silent", silent: Some((AT, REPAIRED)), ..STEADY }, Code::NobodyWorks, 80);
}

#[test]
fn while_all_attempts_fail_that_alone_is_shown_and_gone_a_minute_after_the_repair() {
    for failure in [Failure::Retried, Failure::Lost] {
        let mut day = Day::of(Habit { name: "all fail", fails: Some((AT, REPAIRED)), failure, ..STEADY });
        // The queue gets longer and longer meanwhile; that is no problem of its own.
        shows(&mut day, (AT + 4 * MINUTE, REPAIRED), &[Code::Dying]);
        shows(&mut day, (REPAIRED + 70, DAY), &[]);
    }
}

#[test]
fn events_that_all_die_are_shown_until_they_are_redriven_and_the_failures_until_the_repair() {
    let dies = Habit { name: "all die", fails: Some((AT, REPAIRED)), failure: Failure::Final, ..STEADY };
    let mut day = Day::of(Habit { redriven_at: Some(REPAIRED + 10 * MINUTE), ..dies });
    shows(&mut day, (AT + 4 * MINUTE, REPAIRED), &[Code::Dying, Code::DeadLettersNew]);
    shows(&mut day, (REPAIRED + 70, REPAIRED + 10 * MINUTE), &[Code::DeadLettersNew]);
    shows(&mut day, (REPAIRED + 10 * MINUTE + 10, DAY), &[]);
    // Where nobody redrives them, they are no longer new after an hour.
    let mut day = Day::of(dies);
    shows(&mut day, (REPAIRED + 61 * MINUTE, DAY), &[]);
}

#[test]
fn a_queue_that_is_paused_since_all_fails_is_no_longer_dying() {
    let paused = (AT + 10 * MINUTE, AT + 40 * MINUTE);
    let fails = Some((AT, AT + 30 * MINUTE));
    let mut day = Day::of(Habit { name: "paused", fails, paused: Some(paused), ..STEADY });
    shows(&mut day, (AT + 4 * MINUTE, paused.0), &[Code::Dying]);
    shows(&mut day, (paused.0 + 80, paused.1), &[]);
    // A minute shows that it catches up.
    shows(&mut day, (paused.1 + 70, DAY), &[]);
}

#[test]
fn a_failing_queue_in_which_nothing_is_left_is_no_longer_dying() {
    let comes = |at: i64| if at < AT + 10 * MINUTE { 2 } else { 0 };
    let fails = Some((AT, DAY));
    let mut day = Day::of(Habit { name: "empty", comes, fails, failure: Failure::Final, ..STEADY });
    shows(&mut day, (AT + 4 * MINUTE, AT + 10 * MINUTE), &[Code::Dying, Code::DeadLettersNew]);
    shows(&mut day, (AT + 11 * MINUTE + 30, AT + 20 * MINUTE), &[Code::DeadLettersNew]);
}

#[test]
fn a_queue_whose_engines_were_silent_is_calm_a_minute_after_they_are_back() {
    let mut day = Day::of(Habit { name: "silent", silent: Some((AT, REPAIRED)), ..STEADY });
    shows(&mut day, (AT + 90, REPAIRED), &[Code::NobodyWorks]);
    shows(&mut day, (REPAIRED + 70, DAY), &[]);
}
