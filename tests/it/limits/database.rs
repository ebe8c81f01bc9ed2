//! Statements that hang, and connections on which nothing comes back.

use std::future::pending;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use eventlease::app::Server;
use futures_util::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{Lab, PATIENCE, Reply, config};

/// A change of an engine, which has to wait for its row.
fn change(lab: &Lab, engine: &str) -> JoinHandle<Reply> {
    let patch = json!({"metadata": {"static_config": {"capabilities": ["x"]}}});
    tokio::spawn(Reply::of(lab.request("PATCH", &format!("/api/v1/engines/{engine}")).json(&patch)))
}

async fn lock(lab: &Lab, engine: &str) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut holder = lab.db.begin().await.expect("a transaction");
    sqlx::query("select from eventlease.engine_states where engine_id = $1::uuid for update")
        .bind(engine)
        .execute(&mut *holder)
        .await
        .expect("locked");
    holder
}

#[tokio::test]
async fn while_a_statement_hangs_other_calls_are_answered() {
    let lab = Lab::start().await;
    let (stuck, engine) = (lab.register("dialogue", json!({})).await, lab.register("dialogue", json!({})).await);
    let holder = lock(&lab, &stuck).await;
    let hanging = change(&lab, &stuck);
    lab.wait_for_a_blocked_server().await;
    for _ in 0..3 {
        lab.enqueue("dialogue", json!({})).await;
        let leased = lab.lease_one("dialogue", &engine).await;
        lab.settle(&leased, "completed", json!({})).await.expect(200);
        lab.heartbeat(&engine, json!({})).await.expect(200);
        lab.get("/api/v1/engines").await.expect(200);
    }
    assert!(!hanging.is_finished());
    holder.rollback().await.expect("released");
    hanging.await.expect("a reply").expect(200);
}

#[tokio::test]
async fn a_pool_of_hanging_statements_answers_in_time_and_recovers() {
    let lab = Lab::start_with(&["--acquire-timeout-seconds", "1", "--statement-timeout-seconds", "2"]).await;
    let engine = lab.register("dialogue", json!({})).await;
    let holder = lock(&lab, &engine).await;
    // Four times as many as there are connections.
    let hanging: Vec<JoinHandle<Reply>> = (0..20).map(|_| change(&lab, &engine)).collect();
    let refused = lab
        .wait_for("a call that finds no connection", async || {
            let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
            let reply = lab.post("/api/v1/events", &event).await;
            (reply.status != 201).then_some(reply)
        })
        .await
        .problem(503, "database_unavailable");
    assert_eq!(refused.header("retry-after"), "1");
    lab.get("/healthz").await.expect(200);
    let mut answers = Vec::new();
    for call in hanging {
        let reply = timeout(PATIENCE, call).await.expect("in bounded time").expect("a reply");
        answers.push(reply.status);
        drop(match reply.status {
            503 => reply.problem(503, "database_unavailable"),
            _ => reply.problem(504, "database_timeout"),
        });
    }
    assert!(answers.contains(&503) && answers.contains(&504), "{answers:?}");
    holder.rollback().await.expect("released");
    lab.wait_for("calls to be answered again", async || (lab.get("/api/v1/engines").await.status == 200).then_some(()))
        .await;
    change(&lab, &engine).await.expect("a reply").expect(200);
}

/// Stands between a server and PostgreSQL. Connections can be made dumb: they stay open, and nothing comes through.
struct Proxy {
    port: u16,
    dumb: Arc<Mutex<CancellationToken>>,
}

impl Proxy {
    async fn start(socket: PathBuf) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let dumb = Arc::new(Mutex::new(CancellationToken::new()));
        let of_new = Arc::clone(&dumb);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let dumb = of_new.lock().expect("no panic").clone();
                let database = UnixStream::connect(&socket).await.expect("the test cluster runs");
                tokio::spawn(pass_on(client, database, dumb));
            }
        });
        Self { port, dumb }
    }

    /// From now on nothing comes through the connections there are. New ones are fine.
    fn make_dumb(&self) {
        std::mem::take(&mut *self.dumb.lock().expect("no panic")).cancel();
    }
}

async fn pass_on(mut client: TcpStream, mut database: UnixStream, dumb: CancellationToken) {
    let (mut up, mut down) = ([0; 8192], [0; 8192]);
    loop {
        let passed = tokio::select! {
            () = dumb.cancelled() => pending().await,
            read = client.read(&mut up) => match read {
                Ok(count @ 1..) => database.write_all(&up[..count]).await,
                _ => return,
            },
            read = database.read(&mut down) => match read {
                Ok(count @ 1..) => client.write_all(&down[..count]).await,
                _ => return,
            },
        };
        if passed.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn connections_to_the_database_that_went_dumb_are_given_up() {
    let lab = Lab::start().await;
    let options = lab.db.connect_options();
    let socket = options.get_socket().expect("a socket").join(format!(".s.PGSQL.{}", options.get_port()));
    let proxy = Proxy::start(socket).await;
    let (user, name) = (options.get_username(), options.get_database().expect("a name"));
    let url = format!("postgres://{user}@127.0.0.1:{}/{name}?sslmode=disable", proxy.port);
    let flags = ["--acquire-timeout-seconds", "1", "--statement-timeout-seconds", "1", "--body-timeout-seconds", "5"];
    let server = Server::start(&config(&url, &flags)).await.expect("the server starts");
    let base = format!("http://{}", server.address);

    let engine = lab.register("dialogue", json!({})).await;
    let event = json!({"engine_type": "dialogue", "event_type": "test.happened", "payload": {}});
    let calls = || {
        let mut calls = Vec::new();
        for _ in 0..4 {
            calls.push(lab.request("POST", &format!("{base}/api/v1/events")).json(&event));
            calls.push(
                lab.request("GET", &format!("{base}/api/v1/events/queue/dialogue")).header("x-engine-id", &engine),
            );
            calls.push(lab.request("GET", &format!("{base}/api/v1/engines")));
            calls.push(lab.request("POST", &format!("{base}/api/v1/engines/{engine}/heartbeat")).json(&json!({})));
            let settlement = json!({"settlements": [{"event_id": engine, "lease_token": "no", "status": "completed"}]});
            calls.push(lab.request("PUT", &format!("{base}/api/v1/events/status")).json(&settlement));
        }
        calls.into_iter().map(|call| tokio::spawn(Reply::of(call))).collect::<Vec<_>>()
    };
    for call in calls() {
        let reply = call.await.expect("a reply");
        assert!(reply.status < 300, "{reply:?}");
    }

    // Connections on their way back into the pool arrive there meanwhile.
    for _ in 0..5 {
        lab.get(&format!("{base}/api/v1/engines")).await.expect(200);
    }
    proxy.make_dumb();
    for call in calls() {
        let reply = timeout(PATIENCE, call).await.expect("in bounded time").expect("a reply");
        match reply.status {
            503 => drop(reply.problem(503, "database_unavailable")),
            504 => drop(reply.problem(504, "database_timeout")),
            status => assert!(status < 300, "{reply:?}"),
        }
    }
    // Every kind of call, all at once, so that no connection and no lane is left hanging.
    lab.wait_for("all calls to be answered again", async || {
        let answers = join_all(calls().into_iter().map(|call| timeout(PATIENCE, call))).await;
        let is_served = |answer| matches!(answer, Ok(Ok(Reply { status: 200..300, .. })));
        answers.into_iter().all(is_served).then_some(())
    })
    .await;
    let shown: Value = lab.get(&format!("{base}/api/v1/health/database")).await.expect(200).body;
    assert!(shown.is_object());
    server.stop().await.expect("the server stops in order");
}
