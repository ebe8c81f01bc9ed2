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
    let references = ["src=\"", "href=\"", "spec-url=\""].iter().flat_map(|attribute| {
        page.raw.split(attribute).skip(1).map(|rest| rest.split('"').next().expect("an end").to_owned())
    });
    let mut found = 0;
    for reference in references.filter(|reference| reference != "data:,") {
        assert!(reference.starts_with('/'), "{reference}");
        lab.get(&reference).await.expect(200);
        found += 1;
    }
    assert!(found >= 3, "{found}");
    lab.get("/docs/redoc.standalone.js.LICENSE.txt").await.expect(200);
}
