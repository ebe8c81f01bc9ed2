//! `EventLease` under faults: a fleet of producers and engines, what is done to them and to the service meanwhile, and
//! a checker of all that was said.
//!
//! # Layout
//! What is pure: [`history`], what was said and done; [`checker`], from a history to verdicts; [`schedule`], from a
//! seed to faults. [`run`] is one run: [`injector`] makes the faults, [`producers`], [`engines`] and [`operators`] are the fleet.

#![expect(missing_docs, reason = "the faults are a program; nothing is built on them")]
#![expect(clippy::print_stdout, reason = "a harness, run by people who read what it prints")]

pub mod run; // from an empty folder to verdicts
pub mod report; // the tables
pub mod reading; // how events stand at the end
pub mod injector; // makes the faults
pub mod schedule; // from a seed to faults
pub mod engines; // those who lease and settle
pub mod producers; // those who enqueue
pub mod operators; // those who redrive
pub mod queues; // what the fleet works on, and its terms
pub mod pending; // a call under way
pub mod checker; // from a history to verdicts
pub mod replica; // the service, a process that dies
pub mod proxy; // connections that stall and break
pub mod held_step; // a step of a redrive job, stopped in the middle
pub mod postgres; // the database, killed, filled up, replaced
pub mod caller; // a client that knows both replicas
pub mod recorder; // the history while it is made, and the clock
pub mod history; // what was said and done
