//! The queue that a call names in its path.

use crate::domain::names::EngineType;
use crate::http::errors::Problem;
use crate::http::requests::Input;

pub fn read_name(input: &Input) -> Result<EngineType, Problem> {
    let reader = input.reader();
    let engine_type = reader.path("engine_type", EngineType::parse);
    reader.caller();
    reader.empty_body()?;
    reader.finish(|| engine_type)
}
