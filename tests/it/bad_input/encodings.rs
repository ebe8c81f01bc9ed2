//! How a body is written: compressed or not, and in which characters. What cannot be read is refused in words.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use super::Untouched;
use crate::support::{Lab, Reply};

const EVENTS: &str = "/api/v1/events";

fn event(payload: &str) -> String {
    json!({"engine_type": "dialogue", "event_type": "asked", "payload": payload}).to_string()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).expect("written to memory");
    encoder.finish().expect("written to memory")
}

/// A body declared as JSON and as gzip.
fn gzipped(lab: &Lab, path: &str, body: Vec<u8>) -> reqwest::RequestBuilder {
    let request = lab.request("POST", path).header("content-type", "application/json");
    request.header("content-encoding", "gzip").body(body)
}

async fn held_bytes(lab: &Lab) -> f64 {
    lab.metric("eventlease_request_body_bytes").await
}

#[tokio::test]
async fn a_compressed_body_is_kept_as_it_was_before() {
    let lab = Lab::start().await;
    let payload = r#"{"n": 1.00, "text": "é😀", "long": "#.to_owned() + &format!("{:?}}}", "a".repeat(300_000));
    let body = format!(r#"{{"engine_type":"dialogue","event_type":"asked","payload":{payload}}}"#);
    let (half, other_half) = body.as_bytes().split_at(body.len() / 2);
    let in_two_members = [gzip(half), gzip(b""), gzip(other_half)].concat();
    let plain = body.clone().into_bytes();
    let bodies: [(&[&str], Vec<u8>); 9] = [
        (&["gzip"], gzip(&plain)),
        (&["GZip"], gzip(&plain)),
        (&["x-gzip"], gzip(&plain)),
        (&[" gzip "], in_two_members),
        (&["identity, gzip"], gzip(&plain)),
        (&["identity", "gzip"], gzip(&plain)),
        (&["identity"], plain.clone()),
        (&[""], plain.clone()),
        (&[], plain),
    ];
    for (encodings, body) in bodies {
        let mut request = lab.request("POST", EVENTS).header("content-type", "application/json");
        for encoding in encodings {
            request = request.header("content-encoding", *encoding);
        }
        let event_id = Reply::of(request.body(body)).await.expect(201).text("event_id");
        let read = lab.get(&format!("/api/v1/events/{event_id}?include=payload")).await.expect(200);
        assert!(read.raw.contains(&payload), "{encodings:?}");
    }
    // Every call that takes a body takes a compressed one.
    let engine = lab.register("dialogue", json!({})).await;
    let leased = lab.lease_one("dialogue", &engine).await;
    let settlement =
        json!({"status": "completed", "lease_token": leased["lease"]["lease_token"], "event_id": leased["event_id"]});
    let settlements = gzip(json!({"settlements": [settlement]}).to_string().as_bytes());
    let settled = Reply::of(gzipped(&lab, "/api/v1/events/queue/dialogue/lease", settlements)).await.expect(200);
    assert_eq!(settled.body["results"][0]["outcome"], "completed", "{settled:?}");
    assert!(held_bytes(&lab).await < 1.0);
}

#[tokio::test]
async fn a_compressed_body_counts_as_large_as_it_becomes() {
    let lab = Lab::start_with(&["--max-body-bytes", "200000"]).await;
    let whole = event(&"a".repeat(200_000 - event("").len()));
    assert_eq!(whole.len(), 200_000);
    Reply::of(gzipped(&lab, EVENTS, gzip(whole.as_bytes()))).await.expect(201);
    let untouched = Untouched::from_now_on(&lab).await;
    let beyond = gzip(format!("{whole} ").as_bytes());
    untouched.refuses(gzipped(&lab, EVENTS, beyond), 413, "payload_too_large").await;
    let bomb = gzip(&vec![b' '; 200 << 20]);
    assert!(bomb.len() > 200_000, "also the compressed body has the limit");
    untouched.refuses(gzipped(&lab, EVENTS, bomb), 413, "payload_too_large").await;
    let small_bomb = gzip(&vec![b' '; 100 << 20]);
    untouched.refuses(gzipped(&lab, EVENTS, small_bomb), 413, "payload_too_large").await;
    let met = lab.metric("eventlease_limit_refusals_total{limit=\"body_bytes\"}").await;
    assert!((met - 3.0).abs() < f64::EPSILON, "{met}");
    assert!(held_bytes(&lab).await < 1.0);
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn what_is_not_whole_gzip_is_refused_in_words() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let whole = gzip(event("a").as_bytes());
    let mut other_sum = whole.clone();
    let last = other_sum.len() - 8;
    other_sum[last] ^= 1;
    let broken = [
        event("a").into_bytes(),
        whole[..whole.len() - 1].to_vec(),
        whole[..20].to_vec(),
        whole[..5].to_vec(),
        other_sum,
        [whole.clone(), b"and more".to_vec()].concat(),
        [whole.clone(), vec![0; 10]].concat(),
    ];
    for body in broken {
        let reply = untouched.refuses(gzipped(&lab, EVENTS, body), 400, "malformed_json").await;
        assert!(reply.text("detail").contains("gzip"), "{reply:?}");
    }
    let members = gzip(b"").repeat(1001);
    let reply = untouched.refuses(gzipped(&lab, EVENTS, members), 400, "malformed_json").await;
    assert!(reply.text("detail").contains("1000"), "{reply:?}");
    // A body that is empty after decompression is an empty body.
    let reply = untouched.refuses(gzipped(&lab, EVENTS, gzip(b"")), 400, "malformed_json").await;
    assert!(reply.text("detail").contains("empty"), "{reply:?}");
    assert!(held_bytes(&lab).await < 1.0);
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn other_codings_are_refused_and_the_one_that_is_taken_is_named() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let codings: [&[&str]; 8] = [
        &["br"],
        &["zstd"],
        &["deflate"],
        &["compress"],
        &["gzip, gzip"],
        &["gzip", "gzip"],
        &["gzip, br"],
        &["gzip;q=1"],
    ];
    for coding in codings {
        let mut request = lab.request("POST", EVENTS).header("content-type", "application/json");
        for value in coding {
            request = request.header("content-encoding", *value);
        }
        let request = request.body(gzip(event("a").as_bytes()));
        let reply = untouched.refuses(request, 415, "unsupported_media_type").await;
        assert_eq!(reply.header("accept-encoding"), "gzip", "{coding:?}");
        assert!(reply.text("detail").contains("gzip"), "{coding:?}: {reply:?}");
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn a_body_in_other_characters_than_utf8_is_refused_in_words() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let event = event("é");
    let wide = |mark: bool, units: &dyn Fn(u16) -> [u8; 2]| {
        let units_of = event.encode_utf16().flat_map(units);
        if mark { units(0xfeff).into_iter().chain(units_of).collect::<Vec<u8>>() } else { units_of.collect() }
    };
    let utf32: Vec<u8> = event.chars().flat_map(|c| u32::from(c).to_be_bytes()).collect();
    let other: [(Vec<u8>, &str); 7] = [
        ([b"\xef\xbb\xbf", event.as_bytes()].concat(), "byte order mark"),
        (wide(true, &u16::to_le_bytes), "UTF-16"),
        (wide(true, &u16::to_be_bytes), "UTF-16"),
        (wide(false, &u16::to_le_bytes), "UTF-16"),
        (wide(false, &u16::to_be_bytes), "UTF-16"),
        ([vec![0, 0, 0xfe, 0xff], utf32.clone()].concat(), "UTF-32"),
        (utf32, "UTF-32"),
    ];
    for (body, words) in other {
        for compressed in [false, true] {
            let request = lab.request("POST", EVENTS).header("content-type", "application/json");
            let request = if compressed {
                request.header("content-encoding", "gzip").body(gzip(&body))
            } else {
                request.body(body.clone())
            };
            let reply = untouched.refuses(request, 415, "unsupported_media_type").await;
            assert!(reply.text("detail").contains(words), "{reply:?}");
        }
    }
    for body in [b"{\"a\": \"\xe9t\xe9\"}".as_slice(), b"{\"a\": \"\xc3", b"\xff"] {
        let request = lab.request("POST", EVENTS).header("content-type", "application/json").body(body);
        let reply = untouched.refuses(request, 400, "malformed_json").await;
        assert!(reply.text("detail").contains("UTF-8"), "{reply:?}");
    }
    untouched.and_the_server_serves().await;
}

#[tokio::test]
async fn the_declared_characters_are_utf8() {
    let lab = Lab::start().await;
    let untouched = Untouched::from_now_on(&lab).await;
    let with = |types: &[&str]| {
        let request = lab.request("POST", EVENTS).body(event("é"));
        types.iter().fold(request, |request, value| request.header("content-type", *value))
    };
    let refused: [&[&str]; 8] = [
        &["application/json; charset=utf-16"],
        &["application/json; charset=ISO-8859-1"],
        &["application/json; charset=\"latin1\""],
        &["application/json;version=1;Charset = utf-16le"],
        &["application/cloudevents+json; charset=utf-32"],
        &["application/json", "text/plain"],
        &["application/json; charset=utf-8", "application/json; charset=utf-16"],
        &["text/plain", "application/json"],
    ];
    for types in refused {
        let reply = untouched.refuses(with(types), 415, "unsupported_media_type").await;
        assert!(
            reply.text("detail").contains("UTF-8") || reply.text("detail").contains("application/json"),
            "{reply:?}"
        );
    }
    untouched.and_the_server_serves().await;
    let taken: [&[&str]; 7] = [
        &["application/json; charset=\"UTF-8\""],
        &["application/json;charset=utf-8"],
        &["application/json ; charset=UTF8 ; version=1"],
        &["APPLICATION/JSON;"],
        &["application/json; version=\"1; charset=utf-16\""],
        &["application/cloudevents+json; charset=utf-8"],
        &["application/json", "application/json; charset=utf-8"],
    ];
    for types in taken {
        let reply = Reply::of(with(types)).await;
        assert_eq!(reply.status, 201, "{types:?}: {reply:?}");
    }
    let replies: Value = lab.get("/api/v1/queues/dialogue").await.expect(200).body;
    assert_eq!(replies["due"], 7);
}
