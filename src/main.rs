//! The program `eventlease`: see `eventlease --help`.

use std::process::ExitCode;

/// A quarter of the server's time went into the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    eventlease::cli::Cli::of_command_line().map_or_else(|code| code, eventlease::cli::Cli::run)
}
