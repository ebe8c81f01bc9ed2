//! Names of schemas, which become names of types in generated clients.

use utoipa::openapi::schema::ArrayItems;
use utoipa::openapi::{OpenApi, Ref, RefOr, Schema};

use super::walk::{Schemas, change_all, name_of, schemas};

/// What Rust's generic types are called otherwise.
const PLAIN_NAMES: [(&str, &str); 5] = [
    ("Setting_u32", "IntegerSetting"),
    ("Setting_f64", "NumberSetting"),
    ("Setting_Option_u32", "OptionalIntegerSetting"),
    ("Sourced_u32", "IntegerOfPolicy"),
    ("Sourced_f64", "NumberOfPolicy"),
];

/// Gives every schema a name that stands alone in a generated client.
pub fn give(document: &mut OpenApi) {
    name_choices(schemas(document));
    name_items(schemas(document));
    rename(document);
}

/// Each object among which a choice is made gets the name in its title: without one, generators number them.
fn name_choices(schemas: &mut Schemas) {
    let mut named = Schemas::new();
    for schema in schemas.values_mut() {
        let RefOr::T(Schema::OneOf(one_of)) = schema else { continue };
        for item in &mut one_of.items {
            let RefOr::T(Schema::Object(object)) = item else { continue };
            let Some(title) = object.title.take() else { continue };
            let choice = std::mem::replace(item, Ref::from_schema_name(&title).into());
            named.insert(title, choice);
        }
    }
    schemas.extend(named);
}

/// A page refers to the schema of its items, so that there is one description of it.
fn name_items(schemas: &mut Schemas) {
    let names: Vec<String> = schemas.keys().cloned().collect();
    for (page, schema) in schemas {
        let Some(item) = page.strip_prefix("Page_").filter(|item| names.iter().any(|name| name == item)) else {
            continue;
        };
        if let RefOr::T(Schema::Object(object)) = schema
            && let Some(RefOr::T(Schema::Array(array))) = object.properties.get_mut("items")
        {
            array.items = ArrayItems::RefOrSchema(Box::new(Ref::from_schema_name(item).into()));
        }
    }
}

fn plain_name(name: &str) -> Option<String> {
    if let Some(item) = name.strip_prefix("Page_") {
        return Some(format!("{item}Page"));
    }
    PLAIN_NAMES.iter().find(|(rust, _)| *rust == name).map(|(_, plain)| (*plain).to_owned())
}

fn rename(document: &mut OpenApi) {
    change_all(document, |schema| {
        if let RefOr::Ref(reference) = schema
            && let Some(name) = name_of(reference).and_then(plain_name)
        {
            reference.ref_location = Ref::from_schema_name(name).ref_location;
        }
    });
    let schemas = schemas(document);
    let renamed = std::mem::take(schemas).into_iter().map(|(name, schema)| (plain_name(&name).unwrap_or(name), schema));
    *schemas = renamed.collect();
}
