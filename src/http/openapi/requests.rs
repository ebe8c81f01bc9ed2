//! The bodies of requests, as strict in the document as they are read.

use utoipa::openapi::schema::{AdditionalProperties, OneOf, OneOfBuilder, SchemaType};
use utoipa::openapi::{Object, OpenApi, RefOr, Schema, Type};

use super::bounds::narrow;
use super::walk::{change_each, drop_null, names_in_requests, operations, schemas};

/// Objects of which the members beside the named ones are the sender's own.
const OPEN: [&str; 2] = ["EngineStaticConfig", "EngineResourceLimits"];

/// Closes every object of a request: a member that has no name here is an error.
pub fn close(document: &mut OpenApi) {
    for (_, _, operation) in operations(document) {
        let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
        for content in body.content.values_mut() {
            // A body that may be left out is not null.
            if let RefOr::T(content) = content
                && let Some(schema) = &mut content.schema
            {
                drop_null(schema);
            }
        }
    }
    let names = names_in_requests(document);
    let schemas = schemas(document);
    for name in names {
        let Some(schema) = schemas.get_mut(&name) else { continue };
        if let RefOr::T(Schema::Object(object)) = schema {
            for (member, schema) in &mut object.properties {
                if let RefOr::T(schema) = schema {
                    narrow(&name, member, schema);
                }
            }
        }
        if !OPEN.contains(&name.as_str()) {
            change_each(schema, &mut close_schema);
        } else if let RefOr::T(Schema::Object(object)) = schema {
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
        }
    }
}

fn close_schema(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    // Where no bound is named, none is meant: `format` is only how Rust describes it.
    if object.schema_type == SchemaType::Type(Type::Integer) && object.maximum.is_none() {
        object.format = None;
    }
    if !object.properties.is_empty() {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
    } else if let Some(split) = split_null(object) {
        *schema = RefOr::T(Schema::OneOf(split));
    }
}

/// A text of some format or null, as two schemas: the format is the text's alone.
fn split_null(object: &Object) -> Option<OneOf> {
    object.format.as_ref()?;
    if object.schema_type != SchemaType::from_iter([Type::String, Type::Null]) {
        return None;
    }
    let mut text = object.clone();
    text.schema_type = SchemaType::Type(Type::String);
    let description = text.description.take();
    Some(OneOfBuilder::new().item(text).item(Object::with_type(Type::Null)).description(description).build())
}
