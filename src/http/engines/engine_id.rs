//! The engine that a call names in its path.

use crate::domain::ids::EngineId;
use crate::http::errors::Problem;
use crate::http::requests::Input;
use crate::http::requests::texts::parse_uuid;

/// The engine of the path, and who calls. A body, where one comes, must be an empty object.
pub fn read_engine_id(input: &Input) -> Result<(EngineId, Option<EngineId>), Problem> {
    let reader = input.reader();
    let engine_id = reader.path("engine_id", parse_uuid).map(EngineId);
    let caller = reader.caller();
    reader.empty_body()?;
    reader.finish(|| Some((engine_id?, caller)))
}
