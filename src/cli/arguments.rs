//! Reads the command line. An error of clap's repeats the argument that it does not understand, which may be a URL or a
//! token at a place where none is expected: those are starred.

use std::ffi::{OsStr, OsString};
use std::process::ExitCode;

use clap::Parser;

use super::outcome::failed;
use crate::output;

/// What was asked for, or the code to end with where an error, or the help, was printed instead.
pub fn parse<C: Parser>() -> Result<C, ExitCode> {
    C::try_parse().map_err(|error| {
        let arguments = std::env::args_os().skip(1);
        let variables = std::env::vars_os().filter(|(name, _)| is_ours(name)).map(|(_, value)| value);
        let secrets: Vec<String> = arguments.chain(variables).flat_map(|given| secrets_of(&given)).collect();
        if !error.use_stderr() {
            return match output::of_writing(error.print()) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => failed(&error),
            };
        }
        if secrets.is_empty() {
            // It could be reported nowhere else.
            error.print().ok();
        } else {
            output::say(starred(error.render().to_string(), &secrets).trim_end());
        }
        // As clap ends.
        ExitCode::from(2)
    })
}

/// Whether a setting may be in that variable.
fn is_ours(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("EVENTLEASE_") || name.starts_with("DATABASE_URL"))
}

/// Bytes that are no text are replaced as in clap's errors.
fn secrets_of(given: &OsString) -> Vec<String> {
    secrets_in(&given.to_string_lossy())
}

/// The parts of an argument that may be secret: all of it, and the value behind a flag's name. The longest first.
fn secrets_in(argument: &str) -> Vec<String> {
    let value = argument.split_once('=').filter(|(flag, _)| flag.starts_with('-')).map(|(_, value)| value);
    [Some(argument), value].into_iter().flatten().filter(|text| may_be_secret(text)).map(str::to_owned).collect()
}

fn may_be_secret(text: &str) -> bool {
    text.contains(['@', '#']) || text.contains("://") || text.contains("el_") || text.contains("password")
}

fn starred(mut text: String, secrets: &[String]) -> String {
    for secret in secrets.iter().filter(|secret| !secret.starts_with("--")) {
        text = text.replace(secret.as_str(), "***");
    }
    text
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;

    use clap::Parser;

    use super::{secrets_in, secrets_of, starred};
    use crate::cli::Cli;

    #[test]
    fn a_secret_that_is_no_text_is_starred_too() {
        let url = OsString::from_vec(b"postgres://me:hush\xff@db/app".to_vec());
        for arguments in
            [vec!["eventlease".into(), "serve".into(), url.clone()], vec!["eventlease".into(), url.clone()]]
        {
            let error = Cli::try_parse_from(arguments).expect_err("it is not understood").render().to_string();
            let shown = starred(error.clone(), &secrets_of(&url));
            assert!(error.contains("hush") && !shown.contains("hush") && shown.contains("'***'"), "{shown}");
        }
    }

    #[test]
    fn urls_and_tokens_are_starred_wherever_they_stand() {
        let token = format!("el_{}", "a".repeat(64));
        for argument in [
            "postgres://me:hush@db/app",
            "--listen=postgres://me:hush@db/app",
            "hush@db",
            "host=db password=hush",
            &token,
        ] {
            let secrets = secrets_in(argument);
            let value = argument.strip_prefix("--listen=").unwrap_or(argument);
            let shown = starred(format!("error: unexpected argument '{value}' found"), &secrets);
            assert_eq!(shown, "error: unexpected argument '***' found", "{argument}");
        }
        for argument in ["serve", "--no-such-flag", "--limit=many", "here"] {
            assert!(secrets_in(argument).is_empty(), "{argument}");
        }
    }
}
