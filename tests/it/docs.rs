//! `/docs`: the document in a browser, by files of the binary alone.

use crate::support::Lab;

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere() {
    let lab = Lab::start().await;
    let page = lab.get("/docs").await.expect(200);
    assert_eq!(page.header("content-type"), "text/html; charset=utf-8");
    let policy = page.header("content-security-policy");
    assert!(policy.starts_with("default-src 'none'") && policy.contains("script-src 'self';"), "{policy}");
    assert!(!policy.contains("http") && !policy.contains('*'), "{policy}");
    assert!(!page.raw.contains("://") && !page.raw.contains("\"//"), "{}", page.raw);
    let references = ["src=\"", "href=\""].iter().flat_map(|attribute| {
        page.raw.split(attribute).skip(1).map(|rest| rest.split('"').next().expect("an end").to_owned())
    });
    let mut found = 0;
    for reference in references.filter(|reference| reference != "data:,") {
        // Relative to /docs, wherever a proxy serves that.
        assert!(!reference.starts_with('/') && !reference.contains(':'), "{reference}");
        lab.get(&format!("/{reference}")).await.expect(200);
        found += 1;
    }
    assert!(found >= 4, "{found}");
    // What the script fetches is relative too.
    let script = lab.get("/docs/start.js").await.expect(200).raw;
    assert!(script.contains("new URL(\"api/v1/openapi.json\", document.baseURI)"), "{script}");
    lab.get("/docs/redoc.standalone.js.LICENSE.txt").await.expect(200);
}

#[tokio::test]
async fn the_document_names_its_server_relative_to_itself() {
    let lab = Lab::start().await;
    let document = lab.get("/api/v1/openapi.json").await.expect(200).body;
    let server = document["servers"][0]["url"].as_str().expect("a server");
    for base in ["http://127.0.0.1:8080/", "https://queue.example/eventlease/"] {
        let document = url::Url::parse(base).expect("a URL").join("api/v1/openapi.json").expect("a URL");
        assert_eq!(document.join(server).expect("a URL").as_str(), base);
    }
}
