//! What the environment says to clients of other databases.

use std::env;

/// Takes `PGOPTIONS` out of the environment of this process. It is meant for other databases, sqlx reads it for every
/// connection, and none of its settings takes that back. To be called before any other thread runs.
#[expect(unsafe_code, reason = "no other thread can read the environment meanwhile, since there is none yet")]
pub fn forget_client_options() {
    if env::var_os("PGOPTIONS").is_some() {
        unsafe { env::remove_var("PGOPTIONS") };
    }
}
