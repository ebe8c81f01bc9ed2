//! Standard output and standard error that are full, closed, or read by nobody: errors where output is lost, no panic, and a
//! server that goes on.

use std::fs::{self, File};
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use sqlx::ConnectOptions;
use tokio::net::TcpStream;
use uuid::Uuid;

use super::program::{command, command_through};
use crate::support::Lab;

/// The program with redirections as a shell writes them, which opens and closes before it becomes the program.
fn redirected(redirections: &str, arguments: &[&str]) -> Command {
    command_through(&["sh", "-c", &format!("exec \"$0\" \"$@\" {redirections}")], arguments)
}

fn ended(mut command: Command) -> Output {
    command.output().expect("the program can be started")
}

async fn ended_beside(command: Command) -> Output {
    tokio::task::spawn_blocking(|| ended(command)).await.expect("no panic")
}

fn told(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// A pipe that nobody reads any more.
fn without_reader() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

const PRINTING: [&[&str]; 5] =
    [&["openapi"], &["--help"], &["--version"], &["serve", "--help"], &["dead-letters", "redrive", "--help"]];

#[test]
fn output_that_is_lost_is_an_error() {
    for arguments in PRINTING {
        let output = ended(redirected(">/dev/full", arguments));
        let told = told(&output);
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {told}");
        let expected = "eventlease: standard output cannot be written to: No space left on device";
        assert!(told.starts_with(expected) && told.lines().count() == 1, "{arguments:?}: {told}");
    }
}

#[test]
fn a_reader_that_has_read_enough_and_a_closed_descriptor_are_no_errors() {
    for arguments in PRINTING {
        let mut unread = command(arguments);
        unread.stdout(without_reader());
        for (way, command) in [
            ("no reader", unread),
            (">&-", redirected(">&-", arguments)),
            ("2>&-", redirected("2>&-", arguments)),
            ("<&- >&- 2>&-", redirected("<&- >&- 2>&-", arguments)),
        ] {
            let output = ended(command);
            assert_eq!((output.status.code(), told(&output).as_str()), (Some(0), ""), "{arguments:?} {way}");
        }
    }
}

#[test]
fn an_error_that_cannot_be_shown_is_still_an_error() {
    let unreachable = ["queues", "--url", "http://127.0.0.1:1"];
    for redirections in ["2>/dev/full", "2>&-", ">/dev/full 2>/dev/full", ">&- 2>&-"] {
        assert_eq!(ended(redirected(redirections, &unreachable)).status.code(), Some(1), "{redirections}");
        assert_eq!(ended(redirected(redirections, &["dance"])).status.code(), Some(2), "{redirections}");
        // An argument that may be a secret takes another way.
        assert_eq!(ended(redirected(redirections, &["dance", "me@here"])).status.code(), Some(2), "{redirections}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_that_ask_a_server_or_a_database_do_the_same() {
    let lab = Lab::start().await;
    lab.wait_until_well().await;
    lab.enqueue("dialogue", serde_json::json!({})).await;
    let url = lab.db.connect_options().to_url_lossy().to_string();
    let commands: [&[&str]; 7] = [
        &["queues", "--url", &lab.url],
        &["queues", "dialogue", "--url", &lab.url],
        &["events", "--json", "--url", &lab.url],
        &["doctor", "--url", &lab.url],
        &["doctor", "--json", "--url", &lab.url],
        &["migrate", "--status", "--database-url", &url, "--log", "off"],
        &["migrate", "--database-url", &url, "--log", "off"],
    ];
    for arguments in commands {
        let full = ended_beside(redirected(">/dev/full", arguments)).await;
        assert_eq!(full.status.code(), Some(1), "{arguments:?}: {full:?}");
        assert!(told(&full).contains("standard output cannot be written to"), "{arguments:?}: {full:?}");
        let mut unread = command(arguments);
        unread.stdout(without_reader());
        let unread = ended_beside(unread).await;
        // What the doctor found is in its exit code: this cluster is not durable.
        let code = if arguments[0] == "doctor" { 3 } else { 0 };
        assert_eq!((unread.status.code(), told(&unread).as_str()), (Some(code), ""), "{arguments:?}: {unread:?}");
    }
    // The database is empty for this one, so that there is much to print.
    lab.sql("delete from eventlease.migrations").await;
    let script = ["migrate", "--sql", "--database-url", &url, "--log", "off"];
    let full = ended_beside(redirected(">/dev/full", &script)).await;
    assert!(full.status.code() == Some(1) && told(&full).contains("No space left"), "{full:?}");
    let mut unread = command(&script);
    unread.stdout(without_reader());
    let unread = ended_beside(unread).await;
    assert_eq!((unread.status.code(), told(&unread).as_str()), (Some(0), ""), "{unread:?}");
}

/// A server that a failed test leaves behind is ended.
struct Server(Child);

impl Server {
    fn pid(&self) -> Pid {
        Pid::from_raw(self.0.id().try_into().expect("a process id"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// An address of this machine that no other test uses: with no output, the server cannot say which port it was given.
fn own_address() -> String {
    let bytes = *Uuid::new_v4().as_bytes();
    let part = |byte: u8| byte % 250 + 2;
    format!("127.{}.{}.{}:18080", part(bytes[0]), part(bytes[1]), part(bytes[2]))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_goes_on_without_its_output() {
    let lab = Lab::start().await;
    let database_url = lab.db.connect_options().to_url_lossy().to_string();
    for redirections in
        [">/dev/full", ">&-", "2>/dev/full", "2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full", "no reader"]
    {
        let address = own_address();
        let arguments = ["serve", "--listen", &address, "--database-url", &database_url, "--log", "debug"];
        let mut command = if redirections == "no reader" {
            let mut command = command(&arguments);
            command.stdout(without_reader()).stderr(without_reader());
            command
        } else {
            let mut command = redirected(redirections, &arguments);
            command.stdout(Stdio::null()).stderr(File::create("/dev/null").expect("it is there"));
            command
        };
        let mut server = Server(command.spawn().expect("the program can be started"));
        lab.wait_for("the server to listen", async || TcpStream::connect(&address).await.ok()).await;
        lab.wait_for("the server to be ready", async || {
            (lab.get(&format!("http://{address}/readyz")).await.status == 200).then_some(())
        })
        .await;
        // Each of these is logged.
        lab.get(&format!("http://{address}/api/v1/queues")).await.expect(200);
        for descriptor in 0..3 {
            let opened = fs::read_link(format!("/proc/{}/fd/{descriptor}", server.0.id())).expect("it is open");
            assert!(!opened.to_string_lossy().starts_with("socket"), "{redirections}: {descriptor} is {opened:?}");
        }
        kill(server.pid(), Signal::SIGTERM).expect("it runs");
        let waiting = tokio::task::spawn_blocking(move || server.0.wait().expect("it was started"));
        assert_eq!(waiting.await.expect("no panic").code(), Some(0), "{redirections}");
    }
}
