//! Which steps are possible in a world, within bounds that keep the number of worlds finite.

use super::steps::{Step, Word, to_place};
use super::world::{ENGINES, Event, Number, Place, World};
use eventlease::domain::engine::EngineStatus;
use eventlease::domain::event::Outcome;

/// Of each event. Beyond these bounds, only the way to an end is looked at.
const MOST_RELEASES: usize = 1;
const MOST_REDRIVES: u8 = 1;
/// Of all engines together.
const MOST_CRASHES: u8 = 1;

/// All that could happen next, within the bounds. What would change nothing, and cannot be refused, is left out.
/// Both events together are leased `most_leases` times.
pub fn steps(world: &World, most_leases: Number, out: &mut Vec<Step>) {
    leases(world, most_leases, out);
    let crashes: u8 = world.engines.iter().map(|engine| engine.incarnation - u8::from(engine.is_up)).sum();
    for (engine, known) in (0..).zip(&world.engines) {
        let holds_any = world.held_by(engine).next().is_some();
        if known.is_up {
            if crashes < MOST_CRASHES {
                out.push(Step::Crash { engine });
            }
            // One that it sends while it holds nothing makes no difference to what it is given later.
            if holds_any && (!known.has_sent_heartbeat || known.status == EngineStatus::Unresponsive) {
                out.push(Step::Heartbeat { engine });
            }
            if world.held_by(engine).any(|row| !row.is_delivered) {
                out.push(Step::RepeatPoll { engine });
            }
        } else {
            out.push(Step::Restart { engine });
        }
        if known.status != EngineStatus::Unresponsive && holds_any {
            out.push(Step::DeclareUnresponsive { engine });
        }
    }
    for (event, known) in (0..).zip(&world.events) {
        if known.dead_letter.is_some() && known.redrives < MOST_REDRIVES {
            out.push(Step::Redrive { event });
        }
        if let Some(row) = known.row {
            if !row.is_cancel_requested {
                out.push(Step::Cancel { event });
            }
            if row.is_processing {
                out.extend([Step::Expire { event }, Step::ReapUnresponsive { event }]);
                if !row.is_delivered && known.releases() < MOST_RELEASES {
                    out.push(Step::HandBack { event });
                }
            }
        }
        reports(event, known, out);
    }
}

fn leases(world: &World, most_leases: Number, out: &mut Vec<Step>) {
    let up: Vec<Place> =
        (0..).zip(&world.engines).filter(|(_, engine)| engine.is_up).map(|(engine, _)| engine).collect();
    let given: u8 = world.events.iter().map(Event::given).sum();
    let may_be_due =
        |event: usize| given < most_leases && world.events[event].row.is_some_and(|row| !row.is_processing);
    let orders: &[[Option<Place>; 2]] = match (may_be_due(0), may_be_due(1)) {
        (false, false) => &[],
        (true, false) => &[[Some(0), None]],
        (false, true) => &[[Some(1), None]],
        (true, true) => &[[Some(0), None], [Some(1), None], [Some(0), Some(1)], [Some(1), Some(0)]],
    };
    for &due in orders {
        for &engine in &up {
            let polls = [Some(engine), None];
            out.extend([true, false].map(|is_reply_lost| Step::Lease { polls, due, is_reply_lost }));
            if due[1].is_some() {
                let others = up.iter().filter(|other| **other != engine);
                let both = others.map(|other| [Some(engine), Some(*other)]);
                out.extend(both.map(|polls| Step::Lease { polls, due, is_reply_lost: false }));
            }
        }
    }
}

/// With every token that somebody was told, in the name of whoever could do the most harm with it.
fn reports(event: Place, known: &Event, out: &mut Vec<Step>) {
    let given = known.given();
    let current = known.row.and_then(|row| row.token);
    let engine = known.row.and_then(|row| row.engine);
    for token in (1..=given).filter(|token| Some(*token) != current) {
        say_all(event, token, engine, out);
    }
    if let (Some(row), Some(token)) = (known.row, current)
        && (row.is_delivered || !row.is_processing)
    {
        let stranger = engine.map(|engine| (engine + 1) % to_place(ENGINES));
        for caller in [None, engine, stranger] {
            say_all(event, token, caller, out);
        }
    }
    if known.releases() == MOST_RELEASES {
        // Said again, of the lease that was released, it is but a repetition.
        let released =
            known.attempts.iter().find(|ended| ended.outcome == Outcome::Released).and_then(|ended| ended.token);
        out.retain(|step| {
            !matches!(step, Step::Report { event: of, token, word: Word::Released, .. }
                if *of == event && Some(*token) != released)
        });
    }
}

fn say_all(event: Place, token: Number, caller: Option<Place>, out: &mut Vec<Step>) {
    out.extend(Word::ALL.map(|word| Step::Report { event, token, caller, word }));
}
