//! The bodies of requests, as strict in the document as they are read.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, OneOf, OneOfBuilder, SchemaType};
use utoipa::openapi::{Object, OpenApi, RefOr, Schema, Type};

use super::completion::{drop_null, operations};

/// Objects of which the members beside the named ones are the sender's own.
const OPEN: [&str; 2] = ["EngineStaticConfig", "EngineResourceLimits"];

const SCHEMAS: &str = "#/components/schemas/";

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Closes every object of a request: a member that has no name here is an error.
pub fn close(document: &mut OpenApi) {
    let mut names = BTreeSet::new();
    for (_, _, operation) in operations(document) {
        let Some(RefOr::T(body)) = &mut operation.request_body else { continue };
        for content in body.content.values_mut() {
            let RefOr::T(content) = content else { continue };
            // A body that may be left out is not null.
            if let Some(schema) = &mut content.schema {
                drop_null(schema);
                find_names(schema, &mut names);
            }
        }
    }
    let schemas = &mut document.components.get_or_insert_default().schemas;
    let mut unread: Vec<String> = names.iter().cloned().collect();
    while let Some(name) = unread.pop() {
        let Some(mut schema) = schemas.get(&name).cloned() else { continue };
        unflatten(&mut schema, schemas);
        if !OPEN.contains(&name.as_str()) {
            close_schema(&mut schema);
        }
        let mut found = BTreeSet::new();
        find_names(&schema, &mut found);
        unread.extend(found.into_iter().filter(|name| names.insert(name.clone())));
        schemas.insert(name, schema);
    }
}

/// The components that a schema refers to.
fn find_names(schema: &RefOr<Schema>, names: &mut BTreeSet<String>) {
    match schema {
        RefOr::Ref(reference) => {
            names.extend(reference.ref_location.strip_prefix(SCHEMAS).map(str::to_owned));
        }
        RefOr::T(Schema::Object(object)) => object.properties.values().for_each(|schema| find_names(schema, names)),
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter().for_each(|schema| find_names(schema, names)),
        RefOr::T(Schema::AllOf(all_of)) => all_of.items.iter().for_each(|schema| find_names(schema, names)),
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &array.items {
                find_names(items, names);
            }
        }
        RefOr::T(_) => {}
    }
}

fn close_schema(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            object.properties.values_mut().for_each(close_schema);
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
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter_mut().for_each(close_schema),
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                close_schema(items);
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => {}
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

/// A choice of objects and members beside it (serde's `flatten`) becomes a choice of objects that
/// have those members too: "and no others" cannot be said otherwise.
fn unflatten(schema: &mut RefOr<Schema>, schemas: &Schemas) {
    let RefOr::T(Schema::AllOf(all_of)) = schema else { return };
    let mut choices = Vec::new();
    let mut beside = Vec::new();
    for item in &all_of.items {
        match resolved(item, schemas) {
            Some(Schema::OneOf(one_of)) => choices.extend(one_of.items.iter().cloned()),
            Some(Schema::Object(object)) => beside.push(object.clone()),
            _ => return,
        }
    }
    let mut merged = OneOfBuilder::new().description(all_of.description.clone());
    for choice in choices {
        let RefOr::T(Schema::Object(mut object)) = choice else { return };
        for other in &beside {
            object.properties.extend(other.properties.clone());
            object.required.extend(other.required.clone());
        }
        merged = merged.item(object);
    }
    *schema = RefOr::T(Schema::OneOf(merged.build()));
}

fn resolved<'a>(schema: &'a RefOr<Schema>, schemas: &'a Schemas) -> Option<&'a Schema> {
    match schema {
        RefOr::T(schema) => Some(schema),
        RefOr::Ref(reference) => match schemas.get(reference.ref_location.strip_prefix(SCHEMAS)?)? {
            RefOr::T(schema) => Some(schema),
            RefOr::Ref(_) => None,
        },
    }
}
