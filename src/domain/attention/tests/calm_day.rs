//! A calm day of a simulated fleet: nobody needs to see to anything.

use super::day::{DAY, Day, HOUR, Habit, MINUTE, STEADY};

const FLEET: [Habit; 9] = [
    STEADY,
    Habit { name: "deployed", deployed_at: Some(10 * HOUR), ..STEADY },
    Habit { name: "paused for some minutes", paused: Some((11 * HOUR, 11 * HOUR + 4 * MINUTE)), ..STEADY },
    Habit { name: "holding off", holds_off: Some((12 * HOUR, 12 * HOUR + 90)), ..STEADY },
    Habit { name: "an engine crashes", crashes_at: Some(13 * HOUR), ..STEADY },
    Habit { name: "bursts", comes: |at| if at % (20 * MINUTE) == 0 { 80 } else { 0 }, job_seconds: 10, ..STEADY },
    // Two hours of work at once: the oldest waits longer and longer, while there are fewer and fewer.
    Habit { name: "a batch at night", comes: |at| if at == 2 * HOUR { 4000 } else { 0 }, engines: 4, ..STEADY },
    Habit { name: "a few long jobs", comes: |at| i64::from(at % (3 * MINUTE) == 0), job_seconds: 280, ..STEADY },
    Habit {
        name: "scaled to zero",
        comes: |at| i64::from(at % HOUR < 10 * MINUTE && (8 * HOUR..18 * HOUR).contains(&at)),
        engines: 1,
        scales_to_zero: true,
        job_seconds: 20,
        ..STEADY
    },
];

#[test]
fn a_calm_day_needs_nobody() {
    for habit in FLEET {
        let mut day = Day::of(habit);
        while day.at < DAY {
            day.pass();
            assert_eq!(day.codes(), [], "{} at {} s of the day", habit.name, day.at);
        }
        assert!(day.attempts > 100, "{} worked on {} only", habit.name, day.attempts);
    }
}
