//! `EventLease` under faults: a fleet of producers and engines, what is done to them and to the service meanwhile, and
//! a checker of all that was said.
//!
//! # Layout
//! In reading order:

pub mod caller; // a client that knows both replicas
pub mod checker; // pure: from a history to verdicts
pub mod engines; // those who lease and settle
pub mod history; // what was said and done
pub mod injector; // makes the faults
pub mod pending; // a call under way
pub mod postgres; // the database, killed, filled up, replaced
pub mod producers; // those who enqueue
pub mod proxy; // connections that stall and break
pub mod queues; // what both work on, and its terms
pub mod reading; // how events stand at the end
pub mod recorder; // the history while it is made, and the clock
pub mod replica; // the service, a process that dies
pub mod report;
pub mod run; // one run
pub mod schedule; // pure: from a seed to faults // the tables
