//! Objects made of several parts (serde's `flatten`) become plain ones: generators of clients name those best, and only
//! of those can it be said that they have no other members.

use utoipa::openapi::schema::{OneOf, OneOfBuilder};
use utoipa::openapi::{Object, OpenApi, RefOr, Schema};

use super::walk::{Schemas, resolved, schemas};

/// Merges the parts of every schema that is made of several.
pub fn merge(document: &mut OpenApi) {
    let schemas = schemas(document);
    let names: Vec<String> = schemas.keys().cloned().collect();
    // One may be made of another that is to be merged itself.
    for _ in 0..2 {
        for name in &names {
            if let Some(merged) = merged(&schemas[name], schemas) {
                schemas.insert(name.clone(), merged);
            }
        }
    }
}

fn merged(schema: &RefOr<Schema>, schemas: &Schemas) -> Option<RefOr<Schema>> {
    let RefOr::T(Schema::AllOf(all_of)) = schema else { return None };
    let mut choices: Option<&OneOf> = None;
    let mut object: Option<Object> = None;
    for item in &all_of.items {
        match resolved(item, schemas)? {
            Schema::OneOf(one_of) => choices = Some(one_of),
            Schema::Object(part) => match &mut object {
                Some(object) => add(object, part),
                None => object = Some(part.clone()),
            },
            _ => return None,
        }
    }
    let mut object = object?;
    object.description.clone_from(&all_of.description);
    let Some(choices) = choices else { return Some(RefOr::T(Schema::Object(object))) };
    let mut one_of = OneOfBuilder::new().description(all_of.description.clone());
    for choice in &choices.items {
        let RefOr::T(Schema::Object(choice)) = choice else { return None };
        let mut choice = choice.clone();
        add(&mut choice, &object);
        // The choice without the other members has a name already.
        choice.title = choice.title.map(|title| format!("{title}Entry"));
        one_of = one_of.item(choice);
    }
    Some(RefOr::T(Schema::OneOf(one_of.build())))
}

/// Adds members to an object; one that it has is replaced, also in whether it must be there.
fn add(object: &mut Object, part: &Object) {
    object.required.retain(|name| !part.properties.contains_key(name));
    object.required.extend(part.required.iter().cloned());
    object.properties.extend(part.properties.iter().map(|(name, schema)| (name.clone(), schema.clone())));
}
