//! The program `eventlease`: see `eventlease --help`.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    eventlease::cli::Cli::parse().run()
}
