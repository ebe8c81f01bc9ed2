//! Replies, as clients of this version may meet them from a later server: with members and with values that they do not
//! know (docs/adr/0025).

use std::collections::BTreeSet;

use utoipa::openapi::schema::{AdditionalProperties, AnyOf, AnyOfBuilder, SchemaType};
use utoipa::openapi::{Object, OpenApi, RefOr, Schema, Type};

use super::walk::{
    Schemas, change_each, is_nullable, name_of, names_in_parameters, names_in_replies, names_in_requests, schemas,
};

/// Enumerations that get no further values: the contract says that nothing else is a status of an event.
const CLOSED: [&str; 1] = ["EventStatus"];

/// Members that may be null, and may be left out as well. A problem has those of its code.
const LEFT_OUT: [(&str, &str); 4] = [
    ("DeadLetterGroup", "error_type"),
    ("DeadLetterGroup", "error_fingerprint"),
    ("DeadLetterGroup", "engine_software_version"),
    ("DeadLetter", "attempts_next_cursor"),
];
const PROBLEM: &str = "Problem";

/// Opens the enumerations in replies, and lets members be left out that may be null.
pub fn complete(document: &mut OpenApi) {
    let in_requests = names_in_requests(document);
    let in_replies = names_in_replies(document);
    let in_parameters = names_in_parameters(document);
    let schemas = schemas(document);
    let open = open_enumerations(schemas);
    for name in in_replies.difference(&in_requests) {
        let Some(schema) = schemas.get_mut(name) else { continue };
        require_nullable(name, schema);
        change_each(schema, &mut let_members_come);
        if !open.contains(name) {
            change_each(schema, &mut |part| leave_open(part, &open));
        }
        let_several_fit(schema);
    }
    schemas.retain(|name, _| [&in_requests, &in_replies, &in_parameters].iter().any(|names| names.contains(name)));
}

/// A choice of objects that take further members: one that has all members of another is one of those, too.
fn let_several_fit(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::OneOf(one_of)) = schema {
        let any_of = one_of.items.drain(..).fold(AnyOfBuilder::new(), AnyOfBuilder::item);
        *schema = RefOr::T(Schema::AnyOf(any_of.description(one_of.description.take()).build()));
    }
}

fn open_enumerations(schemas: &Schemas) -> BTreeSet<String> {
    let enumerations = schemas.iter().filter(|(name, schema)| {
        let is_enumeration = matches!(schema, RefOr::T(Schema::Object(object)) if object.enum_values.is_some());
        is_enumeration && !CLOSED.contains(&name.as_str())
    });
    enumerations.map(|(name, _)| name.clone()).collect()
}

/// One of the known values, or another text: a client that knows only the former must not fail on the latter.
fn leave_open(schema: &mut RefOr<Schema>, open: &BTreeSet<String>) {
    match schema {
        RefOr::Ref(reference) if name_of(reference).is_some_and(|name| open.contains(name)) => {
            let description = std::mem::take(&mut reference.description);
            let other = Object::with_type(Type::String);
            let any_of = AnyOfBuilder::new().item(reference.clone()).item(other);
            let description = (!description.is_empty()).then_some(description);
            *schema = RefOr::T(Schema::AnyOf(any_of.description(description).build()));
        }
        RefOr::T(Schema::OneOf(one_of)) => {
            let opened = one_of.items.iter().position(|item| matches!(item, RefOr::T(Schema::AnyOf(_))));
            if let Some(RefOr::T(Schema::AnyOf(AnyOf { items, description, .. }))) =
                opened.map(|index| one_of.items.remove(index))
            {
                let description = one_of.description.take().or(description);
                let all = items.into_iter().chain(std::mem::take(&mut one_of.items));
                let any_of = all.fold(AnyOfBuilder::new(), AnyOfBuilder::item);
                *schema = RefOr::T(Schema::AnyOf(any_of.description(description).build()));
            }
        }
        _ => {}
    }
}

/// A later server may send members that are not known here.
fn let_members_come(schema: &mut RefOr<Schema>) {
    if let RefOr::T(Schema::Object(object)) = schema
        && matches!(object.additional_properties.as_deref(), Some(AdditionalProperties::FreeForm(false)))
    {
        object.additional_properties = None;
    }
}

/// What may be null is there, with null for nothing: what is left out instead is never null.
fn require_nullable(name: &str, schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    if name == PROBLEM || object.schema_type != SchemaType::Type(Type::Object) {
        return;
    }
    for (member, schema) in &object.properties {
        let is_left_out = LEFT_OUT.contains(&(name, member.as_str()));
        if is_nullable(schema) && !is_left_out && !object.required.contains(member) {
            object.required.push(member.clone());
        }
    }
}
