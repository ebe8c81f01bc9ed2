//! What bad input gets: every bad place is named, nothing is changed or shown, and the server serves on.

mod dead_letters;
mod encodings;
mod engines;
mod enqueue;
mod heartbeats;
mod json_as_sent;
mod lease;
mod requests;
mod settle;
mod unstorable_texts;
mod written_otherwise;

use serde_json::json;
use sqlx::{AssertSqlSafe, PgPool};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Lab, Reply};

/// A lab in which nothing may change: after every refusal all tables are what they were.
pub struct Untouched<'a> {
    lab: &'a Lab,
    before: Vec<String>,
}

impl<'a> Untouched<'a> {
    pub async fn from_now_on(lab: &'a Lab) -> Self {
        Self { lab, before: dump(&lab.db).await }
    }

    /// The request is refused with that status and code.
    pub async fn refuses(&self, request: reqwest::RequestBuilder, status: u16, code: &str) -> Reply {
        let reply = Reply::of(request).await.problem(status, code);
        assert_eq!(dump(&self.lab.db).await, self.before, "something changed although {reply:?}");
        reply
    }

    /// The request is answered, and changes nothing.
    pub async fn leaves(&self, request: reqwest::RequestBuilder) {
        let reply = Reply::of(request).await.expect(200);
        assert_eq!(dump(&self.lab.db).await, self.before, "something changed by {reply:?}");
    }

    /// The body is refused, and exactly these places are named.
    pub async fn names(&self, method: &str, path: &str, body: &str, places: &[&str]) -> Reply {
        let request = self.lab.request(method, path).header("content-type", "application/json").body(body.to_owned());
        let reply = self.refuses(request, 422, "invalid_input").await;
        let mut expected = places.to_vec();
        expected.sort_unstable();
        assert_eq!(reply.places(), expected, "{method} {path} {}: {reply:?}", &body[..body.len().min(1000)]);
        reply
    }

    /// The call without a body is refused, and exactly these places are named.
    pub async fn names_in(&self, method: &str, path: &str, places: &[&str]) -> Reply {
        let reply = self.refuses(self.lab.request(method, path), 422, "invalid_input").await;
        let mut expected = places.to_vec();
        expected.sort_unstable();
        assert_eq!(reply.places(), expected, "{method} {path}: {reply:?}");
        reply
    }

    /// Nothing has changed, whatever was sent.
    pub async fn holds(&self) {
        assert_eq!(dump(&self.lab.db).await, self.before);
    }

    /// After all that the server does its job.
    pub async fn and_the_server_serves(self) {
        let event_id = self.lab.enqueue("afterwards", json!({})).await;
        let engine = self.lab.register("afterwards", json!({})).await;
        let leased = self.lab.lease_one("afterwards", &engine).await;
        assert_eq!(leased["event_id"], event_id);
        self.lab.settle(&leased, "completed", json!({})).await.expect(200);
    }
}

#[tokio::test]
async fn what_is_accepted_does_show_in_the_tables() {
    let lab = Lab::start().await;
    let mut before = dump(&lab.db).await;
    let engine = lab.register("dialogue", json!({})).await;
    let mut has_changed = async |what: &str| {
        let after = dump(&lab.db).await;
        assert_ne!(before, after, "{what} cannot be seen");
        before = after;
    };
    has_changed("a registration").await;
    lab.enqueue("dialogue", json!({})).await;
    has_changed("an event").await;
    let leased = lab.lease_one("dialogue", &engine).await;
    has_changed("a lease").await;
    lab.settle(&leased, "processing", json!({"progress": 1})).await.expect(200);
    has_changed("a renewal").await;
    lab.post(&format!("/api/v1/engines/{engine}/heartbeat"), &json!({})).await.expect(200);
    has_changed("a heartbeat").await;
    lab.settle(&leased, "failed", json!({"retryable": false})).await.expect(200);
    has_changed("a dead letter").await;
}

/// All rows of all tables, but for what any call of an engine and what the service writes by itself may change.
pub async fn dump(db: &PgPool) -> Vec<String> {
    let tables: Vec<(String, String)> = sqlx::query_as(
        "select c.relname::text, string_agg(quote_ident(a.attname), ', ' order by a.attnum)
         from pg_class c
         join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relnamespace = 'eventlease'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
             and c.relname not in ('service_signs', 'queue_activity', 'queue_history') and a.attname not in
                ('last_seen_at', 'last_poll_at', 'last_settled_at')
         group by c.relname
         order by c.relname",
    )
    .fetch_all(db)
    .await
    .expect("the catalog can be read");
    assert!(tables.len() >= 8, "tables are missing: {tables:?}");
    let rows_of = |(table, columns): &(String, String)| {
        format!("select '{table} ' || row({columns})::text as line from eventlease.{table}")
    };
    let statement = tables.iter().map(rows_of).collect::<Vec<_>>().join(" union all ");
    sqlx::query_scalar(AssertSqlSafe(format!("{statement} order by line")))
        .fetch_all(db)
        .await
        .expect("the tables can be read")
}

/// An array in an array in an array, that deep.
pub fn nested(depth: usize) -> String {
    format!("{}{}", "[".repeat(depth), "]".repeat(depth))
}

/// The value of the first member of that name that is a string without escapes, where the whole is not to be parsed.
pub fn text_in(raw: &str, member: &str) -> String {
    let (_, rest) = raw.split_once(&format!("\"{member}\":\"")).unwrap_or_else(|| panic!("no {member}: {raw}"));
    rest.split('"').next().expect("a first part").to_owned()
}

/// Sends a call without a body whose path is not touched by a library for URLs, and reads the whole reply.
pub async fn raw_call(lab: &Lab, method_and_path: &str) -> String {
    let mut stream = TcpStream::connect(lab.url.strip_prefix("http://").expect("a URL")).await.expect("a connection");
    let request = format!("{method_and_path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await.expect("a reply");
    reply
}
