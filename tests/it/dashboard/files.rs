//! What is served, and what it says of itself.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use serde_json::Value;
use sha2::{Digest, Sha256};
use url::Url;

use super::{open, references};
use crate::support::{Lab, Reply};

const POLICY: [&str; 10] = [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
];

fn assert_guarded(reply: &Reply) {
    let policy = reply.header("content-security-policy");
    assert_eq!(policy.split("; ").collect::<Vec<_>>(), POLICY, "{reply:?}");
    for (name, value) in [
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), microphone=(), geolocation=()"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
    ] {
        assert_eq!(reply.header(name), value, "{reply:?}");
    }
}

fn type_of(name: &str) -> &'static str {
    match name.rsplit_once('.').expect("an ending").1 {
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        _ => "text/plain; charset=utf-8",
    }
}

/// In front of what a module needs before it runs.
const AT_ONCE: &[&str] = &["from \"", "from\"", "import \"", "import\""];
/// Also in front of what it may need later.
const ALL: &[&str] = &["from \"", "from\"", "import \"", "import\"", "import(\""];

/// The names behind these marks in a module.
fn imports<'a>(module: &'a str, marks: &[&str]) -> Vec<&'a str> {
    let code = module.lines().filter(|line| !line.trim_start().starts_with(['*', '/'])).flat_map(|line| {
        marks.iter().flat_map(move |mark| line.split(mark).skip(1).filter_map(|rest| rest.split('"').next()))
    });
    code.filter(|name| name.starts_with('.')).collect()
}

/// The modules that the page runs, from its first and from the first screen, with their texts.
async fn modules(lab: &Lab, page: &Url, marks: &[&str]) -> Vec<(Url, String)> {
    let opened = open(lab).await.raw;
    let names = references(&opened);
    let first =
        ["/main.js", "/screens/overview.js"].map(|end| names.iter().find(|name| name.ends_with(end)).expect(end));
    let mut waiting = Vec::from(first.map(|name| page.join(name).expect("a URL")));
    let (mut known, mut found) = (BTreeSet::new(), Vec::new());
    while let Some(url) = waiting.pop() {
        if !known.insert(url.clone()) {
            continue;
        }
        let text = lab.get(url.as_str()).await.expect(200).raw;
        waiting.extend(imports(&text, marks).iter().map(|name| url.join(name).expect("a URL")));
        found.push((url, text));
    }
    found
}

#[tokio::test]
async fn the_page_and_all_that_it_names_are_there_with_their_types_and_headers() {
    let lab = Lab::start().await;
    let page = open(&lab).await;
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    assert_eq!(page.header("cache-control"), "no-store");
    assert_guarded(&page);
    let names = references(&page.raw);
    assert!(names.len() > 20, "{names:?}");
    for name in &names {
        let file = lab.get(&format!("/dashboard/{name}")).await.expect(200);
        assert_eq!(file.header("content-type"), type_of(name), "{name}");
        assert_eq!(file.header("cache-control"), "public, max-age=31536000, immutable", "{name}");
        assert_guarded(&file);
        let head = Reply::of(lab.request("HEAD", &format!("/dashboard/{name}"))).await.expect(200);
        assert_eq!(head.header("content-length"), file.raw.len().to_string(), "{name}");
        assert_eq!(head.header("content-type"), type_of(name), "{name}");
    }
    Reply::of(lab.request("HEAD", "/dashboard/")).await.expect(200);
}

#[tokio::test]
async fn who_takes_gzip_gets_the_same_in_fewer_bytes() {
    let lab = Lab::start().await;
    let names = references(&open(&lab).await.raw);
    let (mut plain_bytes, mut sent_bytes) = (0, 0);
    for name in names.iter().map(String::as_str).chain([""]) {
        let path = format!("/dashboard/{name}");
        let plain = lab.get(&path).await.expect(200);
        assert_eq!(plain.header("vary"), "accept-encoding", "{name}");
        assert!(!plain.headers.contains_key("content-encoding"), "{name}");
        let asked = lab.request("GET", &path).header("accept-encoding", "gzip, deflate, br, zstd");
        let reply = asked.send().await.expect("a reply");
        let told = |header: &str| reply.headers()[header].to_str().expect("a text").to_owned();
        assert_eq!((told("content-encoding").as_str(), told("vary").as_str()), ("gzip", "accept-encoding"), "{name}");
        assert_eq!(
            (told("content-type"), told("cache-control")),
            (plain.header("content-type"), plain.header("cache-control"))
        );
        let sent = reply.bytes().await.expect("a body");
        let mut unpacked = String::new();
        GzDecoder::new(&sent[..]).read_to_string(&mut unpacked).expect("gzip");
        assert!(unpacked == plain.raw, "{name}");
        plain_bytes += plain.raw.len();
        sent_bytes += sent.len();
    }
    assert!(sent_bytes * 2 < plain_bytes, "{plain_bytes} bytes, {sent_bytes} sent");
}

#[tokio::test]
async fn what_the_page_needs_at_once_has_links_and_each_import_leads_to_a_module() {
    let lab = Lab::start().await;
    let page = Url::parse(&format!("{}/dashboard/", lab.url)).expect("a URL");
    let links = references(&open(&lab).await.raw)
        .into_iter()
        .filter(|name| Path::new(name).extension().is_some_and(|ending| ending == "js"));
    let linked: BTreeSet<Url> = links.map(|name| page.join(&name).expect("a URL")).collect();
    let at_once = modules(&lab, &page, AT_ONCE).await.into_iter().map(|(url, _)| url).collect();
    assert_eq!(linked, at_once, "node scripts/check_dashboard/generate.mjs");
    assert!(modules(&lab, &page, ALL).await.len() > linked.len(), "nothing is loaded when it is needed");
}

#[tokio::test]
async fn no_file_names_a_path_of_its_server_or_another_server() {
    let lab = Lab::start().await;
    let opened = open(&lab).await.raw;
    for name in references(&opened) {
        assert!(name.starts_with("./a/"), "{name}");
    }
    let page = Url::parse(&format!("{}/dashboard/", lab.url)).expect("a URL");
    let styles = references(&opened).into_iter().filter(|name| type_of(name).starts_with("text/css"));
    for name in styles {
        let text = lab.get(page.join(&name).expect("a URL").as_str()).await.expect(200).raw;
        assert!(!text.contains("@import"), "{name}");
        for target in text.split("url(").skip(1) {
            assert!(
                !target.trim_start_matches(['"', '\'']).starts_with('/') && !target.contains("://"),
                "{name}: {target:.60}"
            );
        }
    }
    for (url, text) in modules(&lab, &page, ALL).await {
        if url.path().contains("/vendor/") {
            continue;
        }
        for quote in ['"', '\'', '`'] {
            for path in ["/api/", "/dashboard", "/docs", "/metrics", "/healthz", "/readyz", "/a/", "//"] {
                assert!(!text.contains(&format!("{quote}{path}")), "{url} names {path}");
            }
            assert!(!text.contains(&format!("{quote}https://")), "{url} names another server");
        }
    }
}

#[tokio::test]
async fn a_file_of_another_version_is_not_there() {
    let lab = Lab::start().await;
    let names = references(&open(&lab).await.raw);
    let main = names.iter().find(|name| name.ends_with("/main.js")).expect("a first module");
    let hash = main.split('/').nth(2).expect("a hash");
    for other in [
        main.replace(hash, "0123456789abcdef"),
        main.replace(hash, &hash.to_uppercase()),
        main.replace(hash, ""),
        main.replace("main.js", "nothing.js"),
        main.replace("main.js", "index.html"),
        main.replace("main.js", "vendor/preact.d.ts"),
        main.replace("main.js", ""),
        "main.js".to_owned(),
        "index.html".to_owned(),
        format!("a/{hash}/..%2f..%2f..%2fCargo.toml"),
        format!("a/{hash}/%ff"),
    ] {
        let missing =
            lab.get(&format!("/dashboard/{}", other.trim_start_matches("./"))).await.problem(404, "not_found");
        assert_eq!(missing.header("cache-control"), "no-store", "{other}");
    }
    lab.post("/dashboard/", &Value::Null).await.problem(405, "method_not_allowed");
}

fn digest_of(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::new(), |mut digits, byte| {
        write!(digits, "{byte:02x}").expect("a text takes all");
        digits
    })
}

#[tokio::test]
async fn what_is_of_others_is_as_the_manifest_says_and_has_its_licences() {
    let lab = Lab::start().await;
    let names = references(&open(&lab).await.raw);
    let main = names.iter().find(|name| name.ends_with("/main.js")).expect("a first module");
    let at = |name: &str| format!("/dashboard/{}", main.replace("main.js", &format!("vendor/{name}")));
    let manifest = lab.get(&at("manifest.json")).await.expect(200);
    assert_eq!(manifest.header("content-type"), "application/json");
    let packages = manifest.body.as_array().expect("a list").clone();
    assert_eq!(packages.len(), 5);
    let (mut served, mut checked) = (0, 0);
    for package in &packages {
        let files = package["files"].as_object().expect("files");
        assert!(files.keys().any(|name| name.starts_with("licences/")), "{package}");
        for (name, digest) in files.iter().filter(|(name, _)| !name.ends_with(".d.ts")) {
            let file = lab.get(&at(name)).await.expect(200).raw;
            assert_eq!(Some(digest_of(&file).as_str()), digest.as_str(), "{name}");
            checked += 1;
            served += if name.starts_with("licences/") { 0 } else { file.len() };
        }
    }
    assert!(checked > 10 && served < 90_000, "{checked} files, {served} bytes");
}

/// They are read as they were when the page was opened: 60 requests that each read and hash all files would take seconds.
#[tokio::test]
async fn files_stay_the_same_until_the_page_is_opened_again() {
    let lab = Lab::start().await;
    let names = references(&open(&lab).await.raw);
    let (first, last) = (names.first().expect("a file"), names.last().expect("a file"));
    for name in [first, last, first] {
        lab.get(&format!("/dashboard/{name}")).await.expect(200);
    }
}
