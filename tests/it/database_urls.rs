//! Database URLs: a bad one is refused at once, with the remedy, and without showing the password.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use sqlx::ConnectOptions;
use uuid::Uuid;

use crate::cli::program::{Ended, Program, command, run, run_beside, watch};
use crate::support::{Lab, PATIENCE};

/// A file that is gone at the end of the test.
struct Secret(PathBuf);

impl Secret {
    fn new(text: &str, mode: u32) -> Self {
        let path = std::env::temp_dir().join(format!("eventlease-secret-{}", Uuid::new_v4().simple()));
        fs::write(&path, text).expect("written");
        fs::set_permissions(&path, Permissions::from_mode(mode)).expect("ours");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        fs::remove_file(&self.0).ok();
    }
}

fn run_with(arguments: &[&str], variables: &[(&str, &str)]) -> Ended {
    let child = command(arguments).envs(variables.iter().copied()).spawn().expect("the program can be started");
    watch(child).1.recv_timeout(PATIENCE).expect("it ends")
}

const COMMANDS: [&str; 5] =
    ["serve --listen 127.0.0.1:0", "migrate", "doctor", "token list", "token create --name me --role admin"];

/// What cannot be meant as it stands, and what is said of it.
const BAD: [(&str, &str); 10] = [
    ("", "is empty"),
    ("postgres://me:12#hush-hush@db/app", "'#' as %23"),
    ("postgres://me:p@ss/hush-hush@db/app", "'/' as %2F"),
    ("postgres://me:12?hush-hush@db/app", "'?' as %3F"),
    ("postgres://me:hush-hush@db1:5432,db2:5432/app", "several hosts"),
    ("postgres://me:hush-hush@db:port/app", "postgres://user:password@host:5432/database"),
    ("mysql://me:hush-hush@db/app", "does not begin with postgres:// but with mysql://"),
    ("me:hush-hush@db/app", "does not begin with postgres://"),
    ("host=db password=hush-hush", "list of names and values"),
    ("postgres://db/app?sslmode=hush-hush", "verify-full"),
];

#[track_caller]
fn assert_refused(ended: &Ended, code: i32, parts: &[&str]) {
    assert_eq!(ended.code, Some(code), "{ended:?}");
    for part in parts {
        assert!(ended.stderr.contains(part), "{part}: {ended:?}");
    }
    for secret in ["hush", "p@ss", "me:12"] {
        assert!(!ended.stderr.contains(secret) && !ended.stdout.contains(secret), "{ended:?}");
    }
}

#[test]
fn bad_urls_are_refused_at_once_by_every_command_that_takes_one() {
    for (url, told) in BAD {
        for command in COMMANDS {
            let words: Vec<&str> = command.split_whitespace().collect();
            let flag = run(&[&words[..], &["--database-url", url]].concat());
            assert_refused(&flag, 2, &["--database-url", told]);
            // Commands that mostly ask a server take the variable only where the flag has no value.
            let is_of_operators = !["serve", "migrate"].contains(&words[0]);
            let flags: &[&str] = if is_of_operators { &["--database-url"] } else { &[] };
            let variable = run_with(&[&words[..], flags].concat(), &[("DATABASE_URL", url)]);
            assert_refused(&variable, 2, &["DATABASE_URL", told]);
        }
    }
}

#[test]
fn a_url_at_another_place_is_not_shown_either() {
    let token = format!("el_{}", "a".repeat(64));
    for arguments in [
        &["serve", "postgres://me:hush-hush@db/app"][..],
        &["serve", "--listen", "postgres://me:hush-hush@db/app"],
        &["serve", "--listen=postgres://me:hush-hush@db/app"],
        &["queues", "--url", "postgres://me:hush-hush@db/app"],
        &["queues", "--url", "http://me:hush-hush@db/?a=b"],
        &["queues", "--limit", &token],
        &["queues", "--tokn", &token],
        &["token", "revoke", &token],
    ] {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        for secret in ["hush", &token] {
            assert!(!ended.stderr.contains(secret), "{ended:?}");
        }
    }
    let ended = run_with(&["serve"], &[("EVENTLEASE_LISTEN", "postgres://me:hush-hush@db/app")]);
    assert_refused(&ended, 2, &["'***'", "--listen"]);
    let ended = run_with(&["queues"], &[("EVENTLEASE_URL", "ftp://me:hush-hush@db/")]);
    assert_refused(&ended, 2, &["EVENTLEASE_URL (--url)"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_url_and_a_token_can_be_brought_in_files() {
    let lab = Lab::start().await;
    let url = lab.db.connect_options().to_url_lossy().to_string();
    let file = Secret::new(&format!("{url}&sslpassword=hush-hush\n"), 0o604);
    let mut program = Program::serve(&["--listen", "127.0.0.1:0", "--database-url-file", file.path()]);
    lab.get(&format!("{}/readyz", program.url)).await.expect(200);
    program.signal("TERM");
    let ended = program.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    // Only the name of a parameter that is not used is told, and that others may read the file.
    for told in ["sslpassword", "chmod o-r", file.path()] {
        assert!(ended.stderr.contains(told), "{told}: {ended:?}");
    }
    assert!(!ended.stderr.contains("hush"), "{ended:?}");
    let made = ["token", "create", "--name", "me", "--role", "admin", "--database-url-file", file.path()];
    let made = run_beside(made.map(str::to_owned).to_vec()).await;
    assert_eq!(made.code, Some(0), "{made:?}");
    // Commands that keep no log tell it too.
    for told in ["chmod o-r", file.path()] {
        assert!(made.stderr.contains(told), "{told}: {made:?}");
    }
    let token = Secret::new(&made.stdout, 0o600);

    let mut program = Program::serve(&["--listen", "127.0.0.1:0", "--auth", "required", "--database-url", &url]);
    let list = |token: &Secret| {
        ["token", "list", "--url", &program.url, "--token-file", token.path()].map(str::to_owned).to_vec()
    };
    let listed = run_beside(list(&token)).await;
    assert!(listed.code == Some(0) && listed.stdout.contains(" me"), "{listed:?}");
    let empty = run_beside(list(&Secret::new("\n", 0o600))).await;
    assert!(empty.code == Some(1) && empty.stderr.contains("EVENTLEASE_TOKEN_FILE (--token-file)"), "{empty:?}");
    program.signal("TERM");
    program.wait();
}

#[test]
fn a_bad_file_is_refused_without_what_is_in_it() {
    let bad = Secret::new("postgres://me:12#hush-hush@db/app", 0o600);
    for command in COMMANDS {
        let words: Vec<&str> = command.split_whitespace().collect();
        let code = if words[0] == "serve" || words[0] == "migrate" { 1 } else { 2 };
        let ended = run(&[&words[..], &["--database-url-file", bad.path()]].concat());
        assert_refused(&ended, code, &["--database-url-file", bad.path(), "'#' as %23"]);
        let gone = run(&[&words[..], &["--database-url-file", "/no/such/file"]].concat());
        assert_refused(&gone, code, &["/no/such/file", "cannot be read: No such file"]);
    }
    let both = run_with(&["serve", "--database-url-file", bad.path()], &[("DATABASE_URL", "postgres://db/app")]);
    assert_refused(&both, 1, &["DATABASE_URL (--database-url)", "both set"]);
}
