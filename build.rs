//! A new migration is a reason to build anew: the macro that embeds them reads the folder, which cargo does not know.

fn main() {
    println!("cargo:rerun-if-changed=migrations");
}
