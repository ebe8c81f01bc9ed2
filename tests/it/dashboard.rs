//! `/dashboard/`: the page for operators, as a browser gets it.

mod doors;
mod files;

use crate::support::{Lab, Reply};

/// The page as a browser asks for it.
async fn open(lab: &Lab) -> Reply {
    lab.get("/dashboard/").await.expect(200)
}

/// What the page names, in order and as it stands there.
fn references(page: &str) -> Vec<String> {
    let parts = ["src=\"", "href=\""].iter().flat_map(|attribute| page.split(attribute).skip(1));
    parts.map(|rest| rest.split('"').next().expect("an end").to_owned()).collect()
}
