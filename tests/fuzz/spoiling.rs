//! How a good request is spoilt: in its JSON, in its bytes, in its path, query and headers.

use axum::body::Body;
use axum::http::{HeaderName, HeaderValue, Request, header};
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::Value;

use super::requests::{Good, ID, TOKEN};

/// JSON that readers stumble over.
const NASTY: [&str; 36] = [
    "null",
    "true",
    "0",
    "-0",
    "-1",
    "1.5",
    "5.0",
    "1e400",
    "-1e400",
    "1e-400",
    "4294967296",
    "18446744073709551616",
    "99999999999999999999999999999999999999999",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud800\\udc00\"",
    "\"5\"",
    "\"NaN\"",
    "\"é\\n\"",
    "\"\u{202e}\"",
    "[]",
    "{}",
    "[[]]",
    "[null]",
    "{\"\":{}}",
    "{\"a\":1,\"a\":2}",
    "NaN",
    "Infinity",
    "01",
    "+1",
    "'a'",
    "[1,]",
    "{\"a\"",
    "\"",
    "/* */1",
];

const HEADERS: [&str; 21] = [
    "content-type",
    "content-length",
    "content-encoding",
    "transfer-encoding",
    "expect",
    "accept",
    "x-engine-id",
    "idempotency-key",
    "traceparent",
    "tracestate",
    "x-request-id",
    "sec-fetch-mode",
    "sec-fetch-site",
    "host",
    "origin",
    "user-agent",
    "x-forwarded-host",
    "x-eventlease-dashboard",
    "forwarded",
    "x-forwarded-for",
    "authorization",
];

#[derive(Clone, Debug)]
pub enum Spoil {
    /// Puts that in the place of some part of the JSON.
    Replace(Index, String),
    Remove(Index),
    /// Gives an object another member, or one of its own a second time.
    Add(Index, String, String),
    Nest(Index, u16),
    /// Cuts so many bytes out of the body, and puts others there.
    Bytes(Index, usize, Vec<u8>),
    WholeBody(Vec<u8>),
    NoBody,
    Path(Index, Vec<u8>),
    /// A parameter that is there, that another call has, or none that anybody knows.
    Query(Index, Vec<u8>),
    RawQuery(String),
    Header(&'static str, Vec<u8>),
    Method(&'static str),
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let known = [
        ID,
        TOKEN,
        "dialogue",
        "0",
        "4294967296",
        "2026-01-31T12:00:00Z",
        "9999999-01-01T00:00:00Z",
        "application/json",
    ];
    prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        ".{0,80}".prop_map(String::into_bytes),
        "[0-9+:.,TZe-]{0,40}".prop_map(String::into_bytes),
        "[A-Za-z0-9_-]{0,120}".prop_map(String::into_bytes),
        select(known.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
        (1..5000_usize).prop_map(|length| vec![b'a'; length]),
    ]
}

fn json() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => select(NASTY.to_vec()).prop_map(str::to_owned),
        1 => any::<f64>().prop_map(|number| number.to_string()),
        1 => any::<i64>().prop_map(|number| number.to_string()),
        1 => ".{0,60}".prop_map(|text| Value::from(text).to_string()),
        1 => (1..20_000_usize).prop_map(|length| Value::from("x".repeat(length)).to_string()),
    ]
}

fn spoil() -> impl Strategy<Value = Spoil> {
    let index = any::<Index>;
    prop_oneof![
        6 => (index(), json()).prop_map(|(at, json)| Spoil::Replace(at, json)),
        2 => index().prop_map(Spoil::Remove),
        2 => (index(), "[a-z_\u{0}\u{e9}]{0,12}", json()).prop_map(|(at, name, json)| Spoil::Add(at, name, json)),
        1 => (index(), 1..3000_u16).prop_map(|(at, depth)| Spoil::Nest(at, depth)),
        3 => (index(), 0..8_usize, prop::collection::vec(any::<u8>(), 0..8))
            .prop_map(|(at, cut, bytes)| Spoil::Bytes(at, cut, bytes)),
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Spoil::WholeBody),
        1 => Just(Spoil::NoBody),
        2 => (index(), text()).prop_map(|(at, text)| Spoil::Path(at, text)),
        3 => (index(), text()).prop_map(|(at, text)| Spoil::Query(at, text)),
        1 => "[ -~]{0,60}".prop_map(Spoil::RawQuery),
        3 => (select(HEADERS.to_vec()), text()).prop_map(|(name, text)| Spoil::Header(name, text)),
        1 => select(vec!["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"])
            .prop_map(Spoil::Method),
    ]
}

/// One of the good requests, spoilt in up to four places; now and then in none.
pub fn spoilt(good: &[Good]) -> impl Strategy<Value = (Good, Vec<Spoil>)> + use<> {
    (select(good.to_vec()), prop::collection::vec(spoil(), 0..=4))
}

/// The request as it is sent; none if HTTP itself could not carry it.
pub fn request(good: &Good, spoils: &[Spoil]) -> Option<Request<Body>> {
    let mut method = good.method.clone();
    let mut path = good.path();
    let mut query: Vec<(String, Vec<u8>)> =
        good.query.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into_bytes())).collect();
    let mut raw_query = None;
    let mut body = good.body.as_ref().map_or_else(Vec::new, |body| spoilt_json(body.clone(), spoils).into_bytes());
    let mut request = Request::builder().header(header::HOST, "localhost");
    if !body.is_empty() {
        request = request.header(header::CONTENT_TYPE, "application/json");
    }
    for spoil in spoils {
        match spoil {
            Spoil::Replace(..) | Spoil::Remove(_) | Spoil::Add(..) | Spoil::Nest(..) => {}
            Spoil::Bytes(at, cut, bytes) => {
                let from = at.index(body.len() + 1);
                let to = (from + cut).min(body.len());
                body.splice(from..to, bytes.iter().copied());
            }
            Spoil::WholeBody(bytes) => body.clone_from(bytes),
            Spoil::NoBody => body.clear(),
            Spoil::Path(at, text) => {
                let mut parts: Vec<String> = path.split('/').map(str::to_owned).collect();
                let at = 1 + at.index(parts.len() - 1);
                parts[at] = percent_encode(text, NON_ALPHANUMERIC).to_string();
                path = parts.join("/");
            }
            Spoil::Query(at, text) => {
                let others = ["limit", "cursor", "wait_seconds", "engine_id", "include", "status", "unknown"];
                let at = at.index(query.len() + others.len());
                match query.get_mut(at) {
                    Some((_, value)) => value.clone_from(text),
                    None => query.push((others[at - query.len()].to_owned(), text.clone())),
                }
            }
            Spoil::RawQuery(text) => raw_query = Some(text.clone()),
            Spoil::Header(name, value) => {
                let value = HeaderValue::from_bytes(value).ok()?;
                let headers = request.headers_mut()?;
                headers.insert(HeaderName::from_static(name), value);
            }
            Spoil::Method(name) => method = name.parse().expect("a method"),
        }
    }
    let pairs: Vec<String> =
        query.iter().map(|(name, value)| format!("{name}={}", percent_encode(value, NON_ALPHANUMERIC))).collect();
    let query = raw_query.unwrap_or_else(|| pairs.join("&"));
    let uri = if query.is_empty() { path } else { format!("{path}?{query}") };
    request.method(method).uri(uri).body(Body::from(body)).ok()
}

const MARK: &str = "\u{1}here\u{1}";

/// The text of the JSON with its spoilt parts, which need not be JSON themselves.
fn spoilt_json(mut whole: Value, spoils: &[Spoil]) -> String {
    let mut marked = Vec::new();
    for spoil in spoils {
        let mut parts = Vec::new();
        pointers(&whole, &mut String::new(), &mut parts);
        let (Spoil::Replace(at, _) | Spoil::Remove(at) | Spoil::Add(at, ..) | Spoil::Nest(at, _)) = spoil else {
            continue;
        };
        let pointer = &parts[at.index(parts.len())];
        let mark = Value::from(format!("{MARK}{}", marked.len()));
        match spoil {
            Spoil::Replace(_, json) => {
                marked.push((mark.clone(), json.clone()));
                *whole.pointer_mut(pointer).expect("just found") = mark;
            }
            Spoil::Nest(_, depth) => {
                let depth = usize::from(*depth);
                marked.push((mark.clone(), format!("{}1{}", "[".repeat(depth), "]".repeat(depth))));
                *whole.pointer_mut(pointer).expect("just found") = mark;
            }
            Spoil::Remove(_) => {
                let (outer, name) = pointer.rsplit_once('/').unwrap_or_default();
                match whole.pointer_mut(outer) {
                    Some(Value::Object(members)) => drop(members.remove(name)),
                    Some(Value::Array(items)) if !items.is_empty() => drop(items.pop()),
                    _ => {}
                }
            }
            Spoil::Add(_, name, json) => {
                if let Some(Value::Object(members)) = whole.pointer_mut(pointer) {
                    // The first one again, where no name is given; JSON itself knows no such thing.
                    let name =
                        if name.is_empty() { members.keys().next().cloned().unwrap_or_default() } else { name.clone() };
                    let member = format!("0,{}:{json}", Value::from(name));
                    marked.push((mark.clone(), member));
                    members.insert("zz".to_owned(), mark);
                }
            }
            _ => unreachable!("passed over above"),
        }
    }
    let mut text = whole.to_string();
    for (mark, json) in marked {
        text = text.replace(&mark.to_string(), &json);
    }
    text
}

/// Where the parts of a JSON text are; none of its names needs escaping.
fn pointers(value: &Value, at: &mut String, found: &mut Vec<String>) {
    found.push(at.clone());
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(members) => members.iter().map(|(name, value)| (name.clone(), value)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => Vec::new(),
    };
    for (name, value) in inner {
        let length = at.len();
        at.push('/');
        at.push_str(&name);
        pointers(value, at, found);
        at.truncate(length);
    }
}
