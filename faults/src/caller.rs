//! Calls as a client makes them that knows both replicas: the one of its choice as long as it answers, the other one
//! for a while when it does not.

use std::net::SocketAddr;
use std::time::Duration;

use eventlease_bench::api;
use eventlease_bench::client::Connection;
use serde_json::Value;
use tokio::time::{Instant, timeout};

use crate::history::{Answer, At, Refusal, Span};
use crate::recorder::Recorder;

const CONNECTING_LIMIT: Duration = Duration::from_millis(500);
/// After that it tries the replica of its choice again.
const AWAY_FOR: Duration = Duration::from_secs(2);

/// Where the replicas are to be reached.
pub type Fronts = [SocketAddr; 2];

#[derive(Debug, Clone)]
pub struct Call<'a> {
    pub method: &'static str,
    pub path: &'a str,
    pub engine: Option<&'a str>,
    pub body: String,
    pub limit: Duration,
}

pub struct Caller {
    fronts: Fronts,
    home: usize,
    away_since: Option<Instant>,
    connection: Option<(usize, Connection)>,
    request: Vec<u8>,
}

impl Caller {
    pub const fn new(fronts: Fronts, home: usize) -> Self {
        Self { fronts, home: home % 2, away_since: None, connection: None, request: Vec::new() }
    }

    /// Which replica the next call goes to: 1 or 2.
    pub fn replica(&mut self) -> u8 {
        if self.away_since.is_some_and(|since| since.elapsed() > AWAY_FOR) {
            self.away_since = None;
        }
        if (self.away_since.is_some()) == (self.home == 0) { 2 } else { 1 }
    }

    /// Makes a call, once. Between this and its answer no time is lost that is not the service's.
    pub async fn call(&mut self, recorder: &Recorder, call: &Call<'_>) -> (Span, Answer<Value>) {
        let replica = self.replica();
        let sent = recorder.now();
        let answer = self.call_at(usize::from(replica) - 1, call).await;
        let is_answered = matches!(answer, Answer::Done(_) | Answer::Refused(_));
        if !is_answered {
            // A reply that was given up may come yet: it is not the next call's.
            self.connection = None;
            self.away_since = if self.away_since.is_none() { Some(Instant::now()) } else { None };
        }
        (Span { replica, sent, ended: recorder.now() }, answer)
    }

    async fn call_at(&mut self, place: usize, call: &Call<'_>) -> Answer<Value> {
        if self.connection.as_ref().is_none_or(|(at, _)| *at != place) {
            match timeout(CONNECTING_LIMIT, Connection::open(self.fronts[place])).await {
                Ok(Ok(connection)) => self.connection = Some((place, connection)),
                _ => return Answer::Unsent,
            }
        }
        let Some((_, connection)) = self.connection.as_mut() else { return Answer::Unsent };
        api::write_request(&mut self.request, call.method, call.path, call.engine, &call.body);
        match timeout(call.limit, connection.call(&self.request)).await {
            Err(_) => Answer::Unsure("no reply in time".to_owned()),
            Ok(Err(error)) => Answer::Unsure(format!("{error:#}")),
            Ok(Ok(reply)) => read(reply.status, reply.body),
        }
    }
}

/// What a reply says. A 5xx may hide that a commit went through.
fn read(status: u16, body: &[u8]) -> Answer<Value> {
    let value: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
    match status {
        200..=299 => Answer::Done(value),
        400..=499 => Answer::Refused(refusal(status, &value)),
        _ => Answer::Unsure(format!("{status} {}", text(&value["code"]))),
    }
}

pub fn refusal(status: u16, problem: &Value) -> Refusal {
    let ended_by = problem["lease_ended_by"].as_str().map(str::to_owned);
    Refusal { status, code: text(&problem["code"]), ended_by }
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

pub fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

#[expect(clippy::cast_possible_truncation, reason = "seconds of a lease")]
pub fn micros(value: &Value) -> At {
    (value.as_f64().unwrap_or(0.0) * 1e6) as At
}
