//! Clusters started, stopped and killed for real.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::Signal;
use nix::unistd::geteuid;
use sqlx::{ConnectOptions, Connection, PgConnection, postgres::PgConnectOptions};
use tokio_util::sync::CancellationToken;

use super::*;

const LIMIT: Duration = Duration::from_secs(30);
/// Tells the stand-in for a parent which folder to use.
const PARENT_DIR: &str = "EVENTLEASE_TEST_PARENT_DIR";

/// A folder that the user of PostgreSQL can reach, gone at the end of the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("eventlease-{name}-{}", std::process::id()));
        fs::remove_dir_all(&path).ok();
        Self(path)
    }

    fn options(&self) -> Options {
        Options {
            durability: Durability::Off,
            settings: vec![("shared_buffers".to_owned(), "16MB".to_owned())],
            ..Options::new(&self.0)
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Runs one statement and gives its only value, if it has one.
fn query(url: &str, sql: &'static str) -> Option<String> {
    let options: PgConnectOptions = url.parse().unwrap();
    let run = async {
        let mut connection: PgConnection = options.connect().await.unwrap();
        let value = sqlx::query_scalar(sql).fetch_optional(&mut connection).await.unwrap();
        connection.close().await.unwrap();
        value
    };
    tokio::runtime::Runtime::new().unwrap().block_on(run)
}

fn assert_gone(pid: u32, data_dir: &Path) {
    let cluster = data_dir::cluster_in(&fs::canonicalize(data_dir).unwrap());
    assert!(process::poll(LIMIT, || !pid_file::is_postmaster(pid, &cluster)), "pid {pid} still runs");
}

/// Runs `a_parent_that_another_test_kills` in a process of its own and waits until its cluster is ready.
fn start_in_another_process(data_dir: &Path) -> Child {
    let name = format!("{}::a_parent_that_another_test_kills", module_path!());
    let (_crate_name, name) = name.split_once("::").unwrap();
    let parent = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", name])
        .env(PARENT_DIR, data_dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    assert!(process::poll(LIMIT, || url_of_running(data_dir, "postgres").is_some()));
    parent
}

#[test]
#[ignore = "run by other tests as a process that they can kill"]
fn a_parent_that_another_test_kills() {
    let Some(dir) = env::var_os(PARENT_DIR) else { return };
    let scratch = Scratch(dir.into());
    let postgres = PrivatePostgres::start(&scratch.options()).unwrap();
    let (gone, is_gone) = mpsc::channel();
    postgres.on_exit(move |status| gone.send(status).unwrap());
    is_gone.recv().unwrap();
}

#[test]
fn data_is_kept_across_stop_and_start() {
    let scratch = Scratch::new("kept");
    let first = PrivatePostgres::start(&scratch.options()).unwrap();
    query(&first.url("postgres"), "create table kept as select 'still here' as word");
    let pid = first.pid();
    first.stop().unwrap();
    assert_gone(pid, &scratch.0);
    assert_eq!(url_of_running(&scratch.0, "postgres"), None);

    let second = PrivatePostgres::start(&scratch.options()).unwrap();
    let word = query(&second.url("postgres"), "select word from kept");
    assert_eq!(word.as_deref(), Some("still here"));
}

#[test]
fn the_cluster_is_utf8_in_utc_with_the_settings_given() {
    let scratch = Scratch::new("settings");
    let postgres = PrivatePostgres::start(&Options { durability: Durability::Full, ..scratch.options() }).unwrap();
    let said = query(
        &postgres.url("postgres"),
        "select concat_ws(' ', current_setting('server_encoding'), datcollate, current_setting('timezone'),
            current_setting('fsync'), current_setting('shared_buffers'))
         from pg_database where datname = 'postgres'",
    );
    assert_eq!(said.as_deref(), Some("UTF8 C UTC on 16MB"));
}

#[test]
fn a_second_start_on_the_same_folder_is_refused() {
    let scratch = Scratch::new("second");
    let first = PrivatePostgres::start(&scratch.options()).unwrap();
    let error = PrivatePostgres::start(&scratch.options()).unwrap_err();
    let ours = Some(std::process::id());
    assert!(matches!(error, Error::InUse { pid, .. } if pid == ours), "{error}");
    first.stop().unwrap();
    PrivatePostgres::start(&scratch.options()).unwrap();
}

#[test]
fn postgres_ends_when_its_parent_is_killed() {
    let scratch = Scratch::new("orphan");
    let mut parent = start_in_another_process(&scratch.0);
    let pid = pid_file::read(&data_dir::cluster_in(&scratch.0)).unwrap().pid;
    parent.kill().unwrap();
    parent.wait().unwrap();
    assert_gone(pid, &scratch.0);
}

#[test]
fn a_start_right_after_a_kill_waits_for_the_previous_postmaster() {
    let scratch = Scratch::new("successor");
    let mut parent = start_in_another_process(&scratch.0);
    parent.kill().unwrap();
    parent.wait().unwrap();
    PrivatePostgres::start(&scratch.options()).unwrap();
}

#[test]
fn a_killed_postmaster_is_noticed_and_its_remains_are_cleared() {
    let scratch = Scratch::new("killed");
    let postgres = PrivatePostgres::start(&scratch.options()).unwrap();
    let (gone, is_gone) = mpsc::channel();
    postgres.on_exit(move |status| gone.send(status).unwrap());
    process::send(postgres.pid(), Signal::SIGKILL);
    let status = is_gone.recv_timeout(LIMIT).unwrap();
    assert!(!status.success());
    assert_eq!(postgres.exit_status(), Some(status));
    drop(postgres);

    // The number of the dead one now belongs to a living process that has nothing to do with it.
    let pid_file = data_dir::cluster_in(&scratch.0).join("postmaster.pid");
    let text = fs::read_to_string(&pid_file).unwrap();
    let (_, rest) = text.split_once('\n').unwrap();
    let mut stranger = Command::new("sleep").arg("60").spawn().unwrap();
    fs::write(&pid_file, format!("{}\n{rest}", stranger.id())).unwrap();
    let restarted = PrivatePostgres::start(&scratch.options());
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    restarted.unwrap();
}

#[test]
fn an_interrupted_initdb_does_not_hinder_the_next_start() {
    let scratch = Scratch::new("initdb");
    // Whatever the umask: the user of PostgreSQL must be let through.
    fs::create_dir(&scratch.0).unwrap();
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o755)).unwrap();
    let unfinished = scratch.0.join("cluster.unfinished/base");
    fs::create_dir_all(&unfinished).unwrap();
    PrivatePostgres::start(&scratch.options()).unwrap();
    assert!(!unfinished.exists());
}

#[test]
fn a_long_path_gets_its_socket_elsewhere() {
    let scratch = Scratch::new("long");
    let data_dir = scratch.0.join("a folder, \"quoted\" & named at length ".repeat(3));
    let postgres = PrivatePostgres::start(&Options { data_dir: data_dir.clone(), ..scratch.options() }).unwrap();
    let url = postgres.url("postgres");
    assert!(url.contains("%2Ftmp%2Feventlease%2D"), "{url}");
    assert_eq!(url_of_running(&data_dir, "postgres"), Some(url.clone()));
    query(&url, "select 'reached'");
    let socket_dir =
        PathBuf::from(query(&url, "select current_setting('unix_socket_directories')").unwrap().trim_matches('"'));
    assert!(socket_dir.exists());
    postgres.stop().unwrap();
    assert!(!socket_dir.exists());
}

#[test]
fn a_cluster_of_another_major_version_is_refused() {
    let scratch = Scratch::new("major");
    let cluster = data_dir::cluster_in(&scratch.0);
    fs::create_dir_all(&cluster).unwrap();
    fs::write(cluster.join("PG_VERSION"), "9\n").unwrap();
    let error = PrivatePostgres::start(&scratch.options()).unwrap_err();
    assert!(matches!(&error, Error::WrongMajor { major, .. } if major == "9"), "{error}");
}

#[test]
fn the_data_directory_of_another_server_is_refused() {
    let scratch = Scratch::new("foreign");
    fs::create_dir_all(&scratch.0).unwrap();
    fs::write(scratch.0.join("PG_VERSION"), "15\n").unwrap();
    let error = PrivatePostgres::start(&scratch.options()).unwrap_err();
    assert!(matches!(error, Error::ForeignCluster { .. }), "{error}");
}

#[test]
fn what_postgres_says_is_told_when_it_does_not_start() {
    let scratch = Scratch::new("refusal");
    let options = Options { settings: vec![("no_such_setting".to_owned(), "1".to_owned())], ..scratch.options() };
    let error = PrivatePostgres::start(&options).unwrap_err().to_string();
    assert!(error.contains("unrecognized configuration parameter \"no_such_setting\""), "{error}");
}

#[test]
fn root_is_told_what_its_postgres_cannot_reach() {
    if !geteuid().is_root() {
        return; // nobody else runs PostgreSQL as somebody else
    }
    let scratch = Scratch::new("reach");
    fs::create_dir(&scratch.0).unwrap();
    fs::set_permissions(&scratch.0, fs::Permissions::from_mode(0o700)).unwrap();
    let options = Options { data_dir: scratch.0.join("below"), ..scratch.options() };
    let error = PrivatePostgres::start(&options).unwrap_err();
    assert!(matches!(&error, Error::OutOfReach { path, .. } if path.ends_with("below")), "{error}");
}

#[test]
fn root_gives_a_copied_cluster_to_its_postgres() {
    if !geteuid().is_root() {
        return; // nobody else could give it away
    }
    let scratch = Scratch::new("copied");
    PrivatePostgres::start(&scratch.options()).unwrap().stop().unwrap();
    let cluster = data_dir::cluster_in(&scratch.0);
    let status = Command::new("chown").args(["-R", "0:0"]).arg(&cluster).status().unwrap();
    assert!(status.success());
    PrivatePostgres::start(&scratch.options()).unwrap();
}

#[test]
fn a_folder_that_others_may_write_is_refused() {
    let scratch = Scratch::new("open");
    let allow = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let data_dir = scratch.0.join("data");
    fs::create_dir_all(&data_dir).unwrap();
    let options = Options { data_dir: data_dir.clone(), ..scratch.options() };
    let refusal = || PrivatePostgres::start(&options).unwrap_err().to_string();
    allow(&scratch.0, 0o755);
    for mode in [0o777, 0o1777, 0o775, 0o757] {
        allow(&data_dir, mode);
        let told = refusal();
        assert!(told.contains(data_dir.to_str().unwrap()) && told.contains("chmod go-w"), "{told}");
        assert!(!data_dir.join("cluster").exists());
    }
    allow(&data_dir, 0o755);
    // Whoever may write the folder above can put another one in its place, unless it is one like /tmp.
    allow(&scratch.0, 0o777);
    assert!(refusal().contains("chmod o-w"));
    allow(&scratch.0, 0o1777);
    PrivatePostgres::start(&options).unwrap().stop().unwrap();

    let cluster = data_dir::cluster_in(&data_dir);
    allow(&cluster, 0o770);
    assert!(refusal().contains(cluster.to_str().unwrap()));
}

#[test]
fn nobody_gets_in_by_network_also_where_an_earlier_version_let_them() {
    let scratch = Scratch::new("hosts");
    PrivatePostgres::start(&scratch.options()).unwrap().stop().unwrap();
    let path = data_dir::cluster_in(&scratch.0).join("pg_hba.conf");
    let host_rules = || -> Vec<String> {
        let text = fs::read_to_string(&path).unwrap();
        text.lines().filter(|line| line.starts_with("host")).map(str::to_owned).collect()
    };
    let of_new = host_rules();
    assert!(!of_new.is_empty() && of_new.iter().all(|rule| rule.ends_with("reject")), "{of_new:?}");

    let of_earlier = fs::read_to_string(&path).unwrap().replace("reject", "trust");
    fs::write(&path, of_earlier).unwrap();
    let postgres = PrivatePostgres::start(&scratch.options()).unwrap();
    assert_eq!(host_rules(), of_new);
    let is_read =
        query(&postgres.url("postgres"), "select count(*)::text from pg_hba_file_rules where error is not null");
    assert_eq!(is_read.as_deref(), Some("0"));
}

#[test]
fn root_gives_a_cluster_of_nobody_to_an_account_of_its_own() {
    let nobody = nix::unistd::User::from_name("nobody").unwrap();
    let Some(nobody) = nobody.filter(|_| geteuid().is_root()) else {
        return; // nobody else could give it away
    };
    let scratch = Scratch::new("nobody");
    PrivatePostgres::start(&scratch.options()).unwrap().stop().unwrap();
    let cluster = data_dir::cluster_in(&scratch.0);
    let status = Command::new("chown").arg("-R").arg(nobody.uid.to_string()).arg(&cluster).status().unwrap();
    assert!(status.success());
    let _postgres = PrivatePostgres::start(&scratch.options()).unwrap();
    assert_ne!(std::os::unix::fs::MetadataExt::uid(&fs::metadata(&cluster).unwrap()), nobody.uid.as_raw());
}

/// Cancels `stop` once `is_time`, from another thread.
fn cancel_when(stop: &CancellationToken, is_time: impl Fn() -> bool + Send + 'static) -> std::thread::JoinHandle<()> {
    let stop = stop.clone();
    std::thread::spawn(move || {
        assert!(process::poll(LIMIT, is_time));
        stop.cancel();
    })
}

#[test]
fn a_cluster_that_is_being_made_is_given_up_in_the_middle_and_made_by_the_next_start() {
    let scratch = Scratch::new("interrupted-initdb");
    let options = scratch.options();
    let unfinished = scratch.0.join("cluster.unfinished");
    let begun = unfinished.join("global");
    let cancelling = cancel_when(&options.stop, move || begun.exists());
    let interrupted = PrivatePostgres::start(&options);
    cancelling.join().unwrap();
    assert!(matches!(interrupted, Err(Error::Interrupted)), "{interrupted:?}");
    assert!(!scratch.0.join("cluster").exists(), "initdb went on to its end");
    // It removes what it has made itself, which shows that it was not killed.
    assert!(!unfinished.join("PG_VERSION").exists());
    PrivatePostgres::start(&scratch.options()).unwrap().stop().unwrap();
}

#[test]
fn a_postmaster_that_does_not_become_ready_is_waited_for_only_until_the_start_is_given_up() {
    let scratch = Scratch::new("interrupted-start");
    let found = Binaries::find(None, &scratch.0, None).unwrap();
    PrivatePostgres::start(&scratch.options()).unwrap().stop().unwrap();
    let real = found.initdb_path().parent().unwrap().to_owned();
    let bin_dir = scratch.0.join("bin");
    fs::create_dir(&bin_dir).unwrap();
    fs::set_permissions(&bin_dir, fs::Permissions::from_mode(0o755)).unwrap();
    std::os::unix::fs::symlink(real.join("initdb"), bin_dir.join("initdb")).unwrap();
    let noted = scratch.0.join("cluster/started");
    // Started in the background of a shell, the tests ignore SIGINT, and so would a program that does not ask for it.
    let script = format!(
        "#!/bin/sh\ncase \"$1\" in\n-V|--version) exec {}/postgres \"$@\" ;;\nesac\n: > {}\nexec env --default-signal=INT,QUIT sleep 600\n",
        real.display(),
        noted.display()
    );
    fs::write(bin_dir.join("postgres"), script).unwrap();
    fs::set_permissions(bin_dir.join("postgres"), fs::Permissions::from_mode(0o755)).unwrap();

    let options = Options { bin_dir: Some(bin_dir), ..scratch.options() };
    let cancelling = cancel_when(&options.stop, move || noted.exists());
    let interrupted = PrivatePostgres::start(&options);
    cancelling.join().unwrap();
    assert!(matches!(interrupted, Err(Error::Interrupted)), "{interrupted:?}");
    PrivatePostgres::start(&scratch.options()).unwrap().stop().unwrap();
}
