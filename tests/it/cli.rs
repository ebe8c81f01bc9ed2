//! The program: its flags and variables, how it starts, and how it ends.

mod output;
pub mod program;

use clap::CommandFactory;
use eventlease::cli::Cli;
use serde_json::Value;
use sqlx::ConnectOptions;
use uuid::Uuid;

use crate::support::Lab;
use program::{Program, run, run_serve};

#[test]
fn help_says_what_every_flag_does() {
    for command in [
        "",
        "serve",
        "migrate",
        "after-restore",
        "openapi",
        "overview",
        "history",
        "explain",
        "queues",
        "queues set",
        "queues pause",
        "queues resume",
        "queues peek",
        "queues delete",
        "queues quarantine",
        "queues quarantines",
        "queues lift",
        "engines",
        "engines drain",
        "engines resume",
        "engines summary",
        "events",
        "events cancel",
        "events change",
        "events payload",
        "events reschedule",
        "events result",
        "runs",
        "runs show",
        "runs cancel",
        "runs reopen",
        "cancel",
        "dead-letters",
        "dead-letters list",
        "dead-letters groups",
        "dead-letters show",
        "dead-letters redrive",
        "dead-letters purge",
        "redrive-jobs",
        "redrive-jobs pause",
        "redrive-jobs continue",
        "redrive-jobs cancel",
        "pause",
        "resume",
        "peek",
        "policies",
        "policies set",
        "policies unset",
        "token",
        "token create",
        "token list",
        "token revoke",
        "whoami",
        "audit",
        "doctor",
    ] {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let ended = run(&arguments);
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let name = if command.is_empty() { "eventlease".to_owned() } else { command.replace([' ', '-'], "_") };
        insta::assert_snapshot!(format!("help_{name}"), ended.stdout);
    }
}

#[test]
fn what_is_not_understood_is_refused() {
    for arguments in [&["serve", "--listen", "here"][..], &["serve", "--no-such-flag"], &["dance"]] {
        let ended = run(arguments);
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stderr.contains("--help"), "{ended:?}");
    }
}

/// `.env.example` and the flags are the same list, in the same order, with the same defaults.
#[test]
fn the_example_lists_every_variable_with_its_default() {
    let example = include_str!("../../.env.example");
    let mut listed = Vec::new();
    let mut lines = example.lines().peekable();
    while let Some(line) = lines.next() {
        let next = lines.peek().copied().unwrap_or_default();
        if let Some((name, value)) = next.trim_start_matches('#').split_once('=').filter(|_| !next.starts_with("# ")) {
            assert!(line.starts_with("# "), "{name} has no comment above it");
            assert!(next.starts_with('#'), "{name} is set, and its default is fine");
            listed.push((name.to_owned(), value.to_owned()));
        }
    }
    let program = Cli::command();
    let arguments_of = |command| program.find_subcommand(command).expect("a subcommand").get_arguments();
    // Every command for operators has the same ones.
    let of_operators = arguments_of("doctor").filter(|argument| argument.get_env().is_some());
    let known: Vec<_> = arguments_of("serve")
        .filter(|argument| !["help", "version"].contains(&argument.get_id().as_str()))
        .chain(of_operators)
        .map(|argument| {
            let name = argument.get_env().unwrap_or_else(|| panic!("{} has no variable", argument.get_id()));
            (name.to_str().expect("ASCII").to_owned(), argument.get_default_values().first())
        })
        .collect();
    let names = |list: &[(String, String)]| list.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&listed), known.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>());
    for ((name, value), (_, default)) in listed.iter().zip(&known) {
        if let Some(default) = default {
            assert_eq!(value.as_str(), default.to_str().expect("UTF-8"), "{name}");
        }
    }
}

/// The URL of a lab's database, with a password that nobody asks for.
pub fn url_with_password(lab: &Lab) -> String {
    let mut url = lab.db.connect_options().to_url_lossy();
    if url.set_password(Some("hush-hush")).is_err() {
        url.query_pairs_mut().append_pair("password", "hush-hush");
    }
    url.to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_where_it_listens_logs_json_without_secrets_and_ends_in_order() {
    let lab = Lab::start().await;
    let url = url_with_password(&lab);
    let mut program = Program::serve(&["--listen", "127.0.0.1:0", "--database-url", &url, "--log-format", "json"]);
    assert!(program.url.starts_with("http://127.0.0.1:"), "{}", program.url);
    lab.get(&format!("{}/readyz", program.url)).await.expect(200);

    let engine = lab.register("dialogue", serde_json::json!({})).await;
    let poll = lab.request("GET", &format!("{}/api/v1/events/queue/dialogue?wait_seconds=30", program.url));
    let parked = tokio::spawn(crate::support::Reply::of(poll.header("x-engine-id", engine.clone())));
    lab.wait_for("the poll to be parked", async || {
        let engine = lab.get(&format!("/api/v1/engines/{engine}")).await.expect(200);
        engine.body["last_poll_at"].is_string().then_some(())
    })
    .await;
    program.signal("TERM");
    let answer = parked.await.expect("no panic").expect(200);
    assert_eq!(answer.body["notice"]["code"], "server_stopping");

    let program_url = program.url.clone();
    let ended = program.wait();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(
        !ended.stderr.contains("hush-hush") && !ended.stdout.contains("hush-hush"),
        "a password is shown: {ended:?}"
    );
    // Behind the line that scripts read.
    let dashboard = format!("the dashboard is at {program_url}/dashboard/");
    assert_eq!(ended.stdout.lines().last(), Some(dashboard.as_str()), "{ended:?}");
    let messages: Vec<String> = ended
        .stderr
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .map(|line| line["fields"]["message"].as_str().expect("a message").to_owned())
        .collect();
    for message in ["configuration", "listening", "stopped"] {
        assert!(messages.iter().any(|found| found == message), "{message} is not among {messages:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_port_in_use_is_refused_before_anything_else() {
    let lab = Lab::start().await;
    let address = lab.url.strip_prefix("http://").expect("a URL");
    let data_dir = std::env::temp_dir().join(format!("eventlease-never-{}", Uuid::new_v4()));
    let ended = run_serve(&["--listen", address, "--data-dir", data_dir.to_str().expect("UTF-8")]);
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.stderr.contains(&format!("cannot listen on {address}: Address already in use")), "{ended:?}");
    assert!(!data_dir.exists(), "no database was made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_name_stands_for_all_of_its_addresses() {
    let lab = Lab::start().await;
    let url = lab.db.connect_options().to_url_lossy().to_string();
    let mut program = Program::serve(&["--listen", "localhost:0", "--database-url", &url]);
    let port = program.url.rsplit_once(':').expect("a port").1.to_owned();
    let own: Vec<std::net::SocketAddr> =
        std::net::ToSocketAddrs::to_socket_addrs(&format!("localhost:{port}")).expect("every machine has it").collect();
    // Without authentication: all of them are of loopback.
    let reached = own.iter().filter(|address| std::net::TcpListener::bind((address.ip(), 0)).is_ok());
    for address in reached {
        lab.get(&format!("http://{address}/api/v1/queues")).await.expect(200);
    }
    program.signal("TERM");
    assert_eq!(program.wait().code, Some(0));
}

#[test]
fn a_data_directory_in_use_is_refused() {
    let data_dir = std::env::temp_dir().join(format!("eventlease-cli-{}", Uuid::new_v4()));
    let flags = ["--listen", "127.0.0.1:0", "--data-dir", data_dir.to_str().expect("UTF-8")];
    let mut first = Program::serve(&flags);
    let second = run_serve(&flags);
    first.signal("INT");
    let first = first.wait();
    std::fs::remove_dir_all(&data_dir).ok();

    assert_eq!(second.code, Some(1), "{second:?}");
    let told = second.stderr.lines().last().unwrap_or_default();
    assert!(told.contains(data_dir.to_str().expect("UTF-8")) && told.contains("another eventlease"), "{told}");
    assert_eq!(first.code, Some(0), "{first:?}");
}
