//! The migrations are built into the program: a new file there is a reason to build it again.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
