//! How fast `EventLease` is over HTTP, beside raw SQL doing the same work on the same `PostgreSQL`.
//!
//! The programs are `eventlease-bench` (`main.rs`) and that of the package `bench/peers`.
//!
//! # Layout
//! In reading order:

#![expect(missing_docs, reason = "the benchmark is a program; nothing is built on it")]
#![expect(clippy::print_stdout, reason = "a harness, run by people who read what it prints")]

pub mod arguments; // what can be chosen
pub mod modes; // one file a mode
pub mod document; // the results as a page of documentation
pub mod report; // the table of results
pub mod results; // of all rounds, and what failed
pub mod figures; // what was measured, over all rounds
pub mod check; // every event ended once
pub mod bench; // what every mode begins with: an empty database, a server
pub mod raw; // the same work by hand-written SQL
pub mod outcome; // what one turn brought
pub mod engines; // those who lease and settle
pub mod producers; // those who enqueue
pub mod window; // a stretch of time that is measured
pub mod crew; // those at work
pub mod ledger; // who got what, and how long it took
pub mod cost; // processor time, WAL, statements, memory
pub mod snapshot; // a session that keeps the dead from being cleared away
pub mod server; // the service, a process of its own
pub mod postgres; // the cluster: durable, warm, kept between runs
pub mod client; // one HTTP connection, as lean as can be
pub mod api; // the requests, and what is read of the replies
pub mod conditions; // how often, how long, and on what
