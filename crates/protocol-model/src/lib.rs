//! The lease protocol as a model, checked exhaustively: three engines, two events, and all that can come between them.
//! Engines crash, restart, fall silent, report late, twice, and with tokens of leases long ended; replies are lost,
//! leases run out, events are cancelled and redriven, in every order, within bounds that `choices` names.
//!
//! What may happen is decided by the service's own rules (the fence, the verdict, the assignment); what the
//! statements of the store do around them is repeated in `steps`. Time is left out: what could run out, may. So are
//! leases without a token or without an engine's name, which are not fenced, and limits, delays and priorities.

#![cfg(test)]

/// What must hold in every world, and of every step.
mod properties;
/// The steps that are possible in a world.
mod choices;
/// What a step does to a world.
mod steps;
/// Engines, and events with their rows.
mod world;

use std::time::{Duration, Instant};

use eventlease::domain::assignment::{self, Assignment, Candidate};
use eventlease::domain::fence::{self, LateReport, Standing};
use eventlease::domain::lane::{Lane, SuspectIsolation};
use eventlease::domain::verdict::{Ending, Verdict, verdict};
use stateright::{Checker, Expectation, HasDiscoveries, Model, Property};

use choices::steps;
use properties::{
    BREAKS_NO_RULE, BUDGETS_ADD_UP, END_IN_REACH, LeaseProtocol, ONE_LIVE_LEASE, SUSPECTS_ALONE, WITHIN_BUDGETS,
    broken_rule,
};
use steps::{Rules, Step};
use world::World;

impl Model for LeaseProtocol {
    type State = World;
    type Action = Step;

    fn init_states(&self) -> Vec<World> {
        vec![World::at_first()]
    }

    fn actions(&self, world: &World, out: &mut Vec<Step>) {
        if world.broken.is_none() {
            steps(world, self.most_leases, out);
        }
    }

    fn next_state(&self, world: &World, step: Step) -> Option<World> {
        let mut next = *world;
        let reply = next.step(&self.rules, step);
        next.broken = broken_rule(world, step, reply, &next);
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        properties::properties()
    }
}

/// Checks every order of steps with that number of leases.
fn check(most_leases: u8, isolation: SuspectIsolation) {
    let started = Instant::now();
    let model = LeaseProtocol { rules: Rules { isolation, ..Rules::of_the_domain() }, most_leases };
    let checker = model.checker().symmetry_fn(World::without_names).threads(2).spawn_dfs().join();
    println!(
        "{} states, {} steps, at most {} deep, {:?}",
        checker.unique_state_count(),
        checker.state_count(),
        checker.max_depth(),
        started.elapsed()
    );
    checker.assert_properties();
}

/// As many as it takes to spend a budget, be redriven and be leased again.
#[test]
fn no_order_of_steps_breaks_the_lease_protocol() {
    check(3, SuspectIsolation::SecondLoss);
}

#[test]
#[ignore = "takes a minute of a processor: cargo test --package protocol-model -- --ignored --nocapture"]
fn no_order_of_more_steps_breaks_the_lease_protocol() {
    check(4, SuspectIsolation::SecondLoss);
}

/// Four leases, so that both events are suspects and leased again.
#[test]
#[ignore = "takes a minute of a processor: cargo test --package protocol-model -- --ignored --nocapture"]
fn no_order_of_more_steps_breaks_the_lease_protocol_where_no_suspect_is_isolated() {
    check(4, SuspectIsolation::Never);
}

/// What the model finds where one of the rules is broken: the property, and the rule that a step breaks.
fn found_where(break_rule: fn(&mut Rules)) -> Vec<(&'static str, Option<&'static str>)> {
    let mut rules = Rules::of_the_domain();
    break_rule(&mut rules);
    let checker =
        LeaseProtocol { rules, most_leases: 4 }.checker().finish_when(HasDiscoveries::AnyFailures).spawn_bfs().join();
    let always: Vec<&str> = properties::properties()
        .iter()
        .filter(|property| property.expectation == Expectation::Always)
        .map(|property| property.name)
        .collect();
    let failures = checker.discoveries().into_iter().filter(|(name, _)| always.contains(name));
    failures.map(|(name, path)| (name, path.last_state().broken)).collect()
}

fn assert_found(found: &[(&'static str, Option<&'static str>)], property: &str, broken: Option<&str>) {
    assert!(
        found.iter().any(|(name, rule)| *name == property && *rule == broken),
        "{property} ({broken:?}) was to be found, not {found:?}"
    );
}

#[test]
fn the_model_finds_a_fence_that_lets_stale_tokens_through() {
    let found = found_where(|rules| {
        rules.standing = |shown, open| {
            let lease_token = open.and_then(|open| open.lease_token);
            fence::standing(fence::Credentials { lease_token, ..shown }, open)
        };
    });
    assert_found(&found, BREAKS_NO_RULE, Some("a stale token, or a stranger, was heard"));
}

#[test]
fn the_model_finds_a_fence_that_lets_strangers_through() {
    let found = found_where(|rules| {
        rules.standing = |shown, open| match fence::standing(shown, open) {
            Standing::NotTheHolder => Standing::Live,
            other => other,
        };
    });
    assert_found(&found, BREAKS_NO_RULE, Some("a stale token, or a stranger, was heard"));
}

#[test]
fn the_model_finds_a_fence_that_refuses_late_reports() {
    let found = found_where(|rules| {
        rules.standing = |shown, open| match fence::standing(shown, open) {
            Standing::Late => Standing::Past,
            other => other,
        };
    });
    assert_found(&found, BREAKS_NO_RULE, Some("the word awaited was refused"));
}

#[test]
fn the_model_finds_a_repetition_that_is_not_recognized() {
    let found = found_where(|rules| rules.late_report = |_, _| LateReport::LeaseLost);
    assert_found(&found, BREAKS_NO_RULE, Some("a repeated report was refused"));
}

#[test]
fn the_model_finds_a_token_that_outlives_its_settlement() {
    let found = found_where(|rules| rules.keeps_token = |_| true);
    assert_found(&found, BREAKS_NO_RULE, Some("a lease was settled twice"));
}

#[test]
fn the_model_finds_losses_that_are_not_counted() {
    let found = found_where(|rules| {
        rules.verdict = |ending, spent, policy, isolation, is_cancel_requested, variation| {
            let uncounted = if matches!(ending, Ending::Lost(_)) { Ending::HandedBack } else { ending };
            verdict(uncounted, spent, policy, isolation, is_cancel_requested, variation)
        };
    });
    assert_found(&found, BUDGETS_ADD_UP, None);
}

#[test]
fn the_model_finds_a_budget_that_never_ends() {
    let found = found_where(|rules| {
        rules.verdict = |ending, before, policy, isolation, is_cancel_requested, variation| match verdict(
            ending,
            before,
            policy,
            isolation,
            is_cancel_requested,
            variation,
        ) {
            Verdict::DeadLetter { spent, .. } => {
                Verdict::Requeue { after: Duration::ZERO, spent, lane: spent.lane(policy, isolation) }
            }
            other => other,
        };
    });
    assert_found(&found, WITHIN_BUDGETS, None);
}

#[test]
fn the_model_finds_suspects_among_others() {
    let found = found_where(|rules| {
        rules.assign = |claims, capacities, candidates, eligible| {
            let candidates: Vec<_> =
                candidates.iter().map(|candidate| Candidate { lane: Lane::Normal, ..*candidate }).collect();
            assignment::assign(claims, capacities, &candidates, eligible)
        };
    });
    assert_found(&found, SUSPECTS_ALONE, None);
}

#[test]
fn the_model_finds_an_event_that_is_assigned_twice() {
    let found = found_where(|rules| {
        rules.assign = |claims, _, candidates, _| {
            let all: Vec<usize> = (0..candidates.len()).collect();
            Assignment { given: vec![all; claims.len()], exclusive: None }
        };
    });
    assert_found(&found, ONE_LIVE_LEASE, None);
}

#[test]
fn the_model_finds_events_that_nobody_is_given_any_more() {
    let found = found_where(|rules| {
        rules.assign = |claims, capacities, candidates, eligible| {
            let mut assignment = assignment::assign(claims, capacities, candidates, eligible);
            for given in &mut assignment.given {
                given.retain(|&candidate| candidates[candidate].lane == Lane::Normal);
            }
            assignment
        };
    });
    assert_found(&found, END_IN_REACH, None);
}
