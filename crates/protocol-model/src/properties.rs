//! What must hold in every world, and of every step.

use stateright::Property;

use super::steps::{Reply, Rules, Step, Word, is_suspect};
use super::world::{ENGINES, EVENTS, Event, Place, World};
use eventlease::domain::engine::EngineStatus;
use eventlease::domain::event::{Outcome, Status};
use eventlease::domain::lane::Lane;
use eventlease::domain::retry_policy::RetryPolicy;
use eventlease::domain::verdict::Spent;

/// What is checked: the rules, and how far.
#[derive(Clone, Copy)]
pub struct LeaseProtocol {
    /// The domain's own rules, or a broken one in its place.
    pub rules: Rules,
    /// Of both events together.
    pub most_leases: u8,
}

pub const BREAKS_NO_RULE: &str = "no step breaks a rule";
pub const ONE_LIVE_LEASE: &str = "an event has one live lease at most";
const ONE_PLACE: &str = "an event is in one place";
const COMPLETED_ONCE: &str = "nothing follows a completion";
pub const WITHIN_BUDGETS: &str = "no budget is overdrawn";
pub const BUDGETS_ADD_UP: &str = "budgets and attempts add up";
pub const SUSPECTS_ALONE: &str = "isolated suspects are leased alone";
pub const ONE_SUSPECT: &str = "an engine holds one suspect at most";
const PRESENT_INCARNATION: &str = "a lease belongs to its engine's present incarnation";
pub const END_IN_REACH: &str = "every event's end is in reach";

/// All properties; by their names a test says which one a broken rule violates.
pub fn properties() -> Vec<Property<LeaseProtocol>> {
    vec![
        Property::always(BREAKS_NO_RULE, |_, world: &World| world.broken.is_none()),
        Property::always(ONE_LIVE_LEASE, |_, world: &World| world.events.iter().all(has_its_live_lease)),
        Property::always(ONE_PLACE, |_, world: &World| world.events.iter().all(is_in_one_place)),
        Property::always(COMPLETED_ONCE, |_, world: &World| world.events.iter().all(ends_with_its_completion)),
        Property::always(WITHIN_BUDGETS, |model, world: &World| {
            world.events.iter().all(|event| is_within_budgets(event, &model.rules.policy))
        }),
        Property::always(BUDGETS_ADD_UP, |_, world: &World| world.events.iter().all(adds_up)),
        Property::always(SUSPECTS_ALONE, |_, world: &World| {
            let mut engines = (0..ENGINES).map(|engine| Place::try_from(engine).expect("few"));
            let holds_isolated = |engine| world.held_by(engine).any(|row| row.lane == Lane::Isolated);
            engines.all(|engine| !holds_isolated(engine) || world.held_by(engine).count() == 1)
        }),
        Property::always(ONE_SUSPECT, |_, world: &World| {
            let mut engines = (0..ENGINES).map(|engine| Place::try_from(engine).expect("few"));
            engines.all(|engine| world.held_by(engine).filter(|row| is_suspect(row)).count() <= 1)
        }),
        Property::always(PRESENT_INCARNATION, |_, world: &World| {
            let rows = world.events.iter().filter_map(|event| event.row).filter(|row| row.is_processing);
            rows.filter_map(|row| row.engine.map(|engine| (engine, row.incarnation)))
                .all(|(engine, incarnation)| world.engines[usize::from(engine)].incarnation == incarnation)
        }),
        Property::always(END_IN_REACH, |model, world: &World| all_end(*world, &model.rules)),
        // What the model must come across, or it shows nothing.
        Property::sometimes("an engine holds two events", |_, world: &World| world.held_by(0).count() == 2),
        Property::sometimes("a suspect is tried again", |_, world: &World| world.held_by(0).any(is_suspect)),
        Property::sometimes("an unresponsive engine that sent no heartbeat holds an event", |_, world: &World| {
            let is_silent = world.engines[0].status == EngineStatus::Unresponsive;
            is_silent && !world.engines[0].has_sent_heartbeat && world.held_by(0).next().is_some()
        }),
        Property::sometimes("retries are exhausted", |_, world| is_any(world, |spent| spent.failures == 2)),
        Property::sometimes("losses are exhausted", |_, world| is_any(world, |spent| spent.lease_losses == 2)),
        Property::sometimes("a failure is called hopeless", |_, world| is_any(world, |spent| spent.failures == 1)),
        Property::sometimes("a redriven event is completed", |_, world: &World| {
            world.events.iter().any(|event| event.redrives > 0 && event.status() == Status::Completed)
        }),
        Property::sometimes("a redriven event is dead-lettered again", |_, world: &World| {
            world.events.iter().any(|event| event.redrives > 0 && event.status() == Status::Failed)
        }),
        Property::sometimes("an event is cancelled while its engine works on it", |_, world: &World| {
            let is_so = |event: &Event| {
                event.status() == Status::Cancelled && event.attempts.last().is_some_and(|last| last.token.is_some())
            };
            world.events.iter().any(is_so)
        }),
    ]
}

fn is_any(world: &World, is_so: impl Fn(Spent) -> bool) -> bool {
    world.events.iter().filter_map(|event| event.dead_letter).any(is_so)
}

fn has_its_live_lease(event: &Event) -> bool {
    let held = event.row.filter(|row| row.is_processing).and_then(|row| row.token);
    event.live == held.map_or(0, |token| 1 << token)
}

fn is_in_one_place(event: &Event) -> bool {
    let has_ended = event.attempts.last().is_some_and(|last| last.answered.is_final());
    match (event.row, event.dead_letter) {
        (Some(_), None) => !has_ended || event.redrives > 0,
        (None, Some(_)) => event.attempts.last().is_some_and(|last| last.answered == Status::Failed),
        (None, None) => has_ended,
        (Some(_), Some(_)) => false,
    }
}

fn ends_with_its_completion(event: &Event) -> bool {
    match event.attempts.iter().position(|ended| ended.outcome == Outcome::Completed) {
        Some(at) => at + 1 == event.attempts.len() && event.status() == Status::Completed,
        None => true,
    }
}

fn is_within_budgets(event: &Event, policy: &RetryPolicy) -> bool {
    let open = event.row.is_none_or(|row| {
        row.spent.failures <= policy.max_retries && row.spent.lease_losses < policy.dead_letter_threshold
    });
    let dead = event.dead_letter.is_none_or(|spent| {
        spent.failures <= policy.max_retries + 1 && spent.lease_losses <= policy.dead_letter_threshold
    });
    open && dead
}

fn adds_up(event: &Event) -> bool {
    let count = |is_so: fn(Outcome) -> bool| {
        event.attempts.iter().skip(event.fresh_since).filter(|ended| is_so(ended.outcome)).count()
    };
    let failures = count(|outcome| outcome == Outcome::Failed);
    let losses = count(|outcome| outcome == Outcome::Expired);
    let is_spent = |spent: Spent| (spent.failures as usize, spent.lease_losses as usize) == (failures, losses);
    let is_numbered = event.row.is_none_or(|row| {
        event.attempts.iter().filter(|ended| ended.token.is_some()).count() + usize::from(row.is_processing)
            == usize::from(row.attempt)
    });
    event.row.is_none_or(|row| is_spent(row.spent)) && event.dead_letter.is_none_or(is_spent) && is_numbered
}

/// From every world the plain way out leads to an end: what is leased runs out, one engine registers anew, polls and
/// completes what it is given, until nothing is open.
fn all_end(mut world: World, rules: &Rules) -> bool {
    let engine = 0;
    world.step(rules, Step::Restart { engine });
    world.step(rules, Step::Expire { event: 0 });
    world.step(rules, Step::Expire { event: 1 });
    // A suspect is given alone, so that two polls are needed for two events.
    for _ in 0..EVENTS {
        world.step(rules, Step::Lease { polls: [Some(engine), None], due: [Some(0), Some(1)], is_reply_lost: false });
        for event in 0..2 {
            let row = world.events[usize::from(event)].row.filter(|row| row.is_processing);
            if let Some(token) = row.and_then(|row| row.token) {
                world.step(rules, Step::Report { event, token, caller: Some(engine), word: Word::Completed });
            }
        }
    }
    world.events.iter().all(|event| event.status().is_final())
}

/// The rule that a step broke.
pub fn broken_rule(before: &World, step: Step, reply: Option<Reply>, after: &World) -> Option<&'static str> {
    for (old, new) in before.events.iter().zip(&after.events) {
        let (was, is) = (old.status(), new.status());
        // A late report takes the lost lease up again, and ends it.
        let by_way_of_processing = matches!(step, Step::Report { .. }) && was == Status::Queued;
        let is_allowed = was == is
            || was.successors().contains(&is)
            || by_way_of_processing && Status::Processing.successors().contains(&is);
        if !is_allowed {
            return Some("a status moved as it may not");
        }
        if was.is_final() && new != old && !matches!(step, Step::Redrive { .. }) {
            return Some("an event changed that had ended");
        }
    }
    let (Step::Report { event, token, caller, word }, Some(reply)) = (step, reply) else { return None };
    let old = &before.events[usize::from(event)];
    let current = old.row.filter(|row| row.token == Some(token));
    let is_strangers = current.is_some_and(|row| caller.is_some() && row.engine != caller);
    let may_change = current.is_some() && !is_strangers;
    if !may_change && before.events != after.events {
        return Some("a stale token, or a stranger, was heard");
    }
    let is_awaited = may_change && (word == Word::Renewed) <= current.is_some_and(|row| row.is_processing);
    let ended = old.attempts.of_token(token);
    let said_before = ended.and_then(|ended| ended.outcome.reported_as()).map(|said| said == word.status());
    match (reply, said_before) {
        (Reply::Accepted(_), _) if !may_change => Some("a stale token, or a stranger, was heard"),
        (Reply::Refused, _) if is_awaited => Some("the word awaited was refused"),
        (Reply::Accepted(status), None) if after.events[usize::from(event)].status() != status => {
            Some("a reply said what is not so")
        }
        (Reply::Accepted(_), Some(_)) => Some("a lease was settled twice"),
        (Reply::Refused, Some(true)) => Some("a repeated report was refused"),
        (Reply::Again(status), Some(true)) if ended.is_some_and(|ended| ended.answered == status) => None,
        (Reply::Again(_), _) => Some("a report was answered as if it had been made before"),
        (Reply::Accepted(_), None) | (Reply::Refused, _) => None,
    }
}
