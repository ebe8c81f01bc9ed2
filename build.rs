//! What a build depends on beside sources: the folder of migrations, which a macro embeds, and the dashboard's files, which a
//! release has inside.

#[path = "src/http/dashboard/listing.rs"]
mod listing;

use std::fmt::Write as _;
use std::path::Path;
use std::{env, fs};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=src/http/dashboard/listing.rs");
    println!("cargo:rerun-if-changed=migrations");
    println!("cargo:rustc-check-cfg=cfg(dashboard_from_disk)");
    // A debug build reads them as they are when the page is opened: a changed file needs no build.
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        println!("cargo:rustc-cfg=dashboard_from_disk");
        return;
    }
    println!("cargo:rerun-if-changed=assets/dashboard");
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("assets/dashboard");
    let names = listing::names(&folder).expect("assets/dashboard can be read");
    assert!(names.iter().any(|name| name == listing::PAGE), "assets/dashboard/index.html is missing");
    let mut table = String::from("[\n");
    for name in names {
        let path = folder.join(&name);
        let path = path.to_str().expect("the repository's path is a text");
        writeln!(table, "({name:?}, include_bytes!({path:?})),").expect("a text takes all");
    }
    table.push_str("]\n");
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets it")).join("dashboard.rs");
    fs::write(out, table).expect("the table can be written");
}
