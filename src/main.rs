//! The program `eventlease`: see `eventlease --help`.

use std::process::ExitCode;

use clap::Parser;

/// A quarter of the server's time went into the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    eventlease::cli::Cli::parse().run()
}
