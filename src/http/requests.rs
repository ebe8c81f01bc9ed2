//! Reading requests: each part by a checked constructor, and every bad place named at once.

/// How a request becomes an `Input`.
mod extract;
/// How far the caller's token reaches.
mod reach;
mod reader;
/// A retry policy in a body, whole or as a patch.
pub mod retry_policy;
/// Bodies that are described once.
mod described;
/// Members that several bodies have.
pub mod members;
/// The members of a JSON object, read one by one.
mod fields;
/// What JSON values can say.
pub mod values;
mod input;
/// Who calls, as handlers see it.
mod caller;
/// A request's body, within its limits.
mod body;
/// What texts in a path, a query or a header can say.
pub mod texts;

pub use caller::Caller;
pub(in crate::http) use described::described;
pub use fields::{Fields, Patch};
pub use input::Input;
pub use reader::Reader;
