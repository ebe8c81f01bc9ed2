//! Walking through the document: its operations, and what its schemas are made of and refer to.

use std::collections::{BTreeMap, BTreeSet};

use utoipa::openapi::content::Content;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, ArrayItems, SchemaType};
use utoipa::openapi::{OpenApi, Ref, RefOr, Schema, Type};

const SCHEMAS: &str = "#/components/schemas/";

/// The document's named schemas.
pub type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Every operation, with its path and whether it has a body.
pub fn operations(document: &mut OpenApi) -> impl Iterator<Item = (&str, bool, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let PathItem { get, put, post, delete, patch, .. } = item;
        let without_body = [get, delete].into_iter().flatten().map(|operation| (false, operation));
        let with_body = [put, post, patch].into_iter().flatten().map(|operation| (true, operation));
        without_body.chain(with_body).map(|(has_body, operation)| (path.as_str(), has_body, operation))
    })
}

/// The document's named schemas, to be changed.
pub fn schemas(document: &mut OpenApi) -> &mut Schemas {
    &mut document.components.get_or_insert_default().schemas
}

/// The component that a reference leads to.
pub fn name_of(reference: &Ref) -> Option<&str> {
    reference.ref_location.strip_prefix(SCHEMAS)
}

/// What a schema is, or refers to.
pub fn resolved<'a>(schema: &'a RefOr<Schema>, schemas: &'a Schemas) -> Option<&'a Schema> {
    match schema {
        RefOr::T(schema) => Some(schema),
        RefOr::Ref(reference) => match schemas.get(name_of(reference)?)? {
            RefOr::T(schema) => Some(schema),
            RefOr::Ref(_) => None,
        },
    }
}

/// Changes a schema and all that it is made of, the parts first.
pub fn change_each(schema: &mut RefOr<Schema>, change: &mut impl FnMut(&mut RefOr<Schema>)) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            object.properties.values_mut().for_each(|part| change_each(part, change));
            if let Some(AdditionalProperties::RefOr(part)) = object.additional_properties.as_deref_mut() {
                change_each(part, change);
            }
        }
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter_mut().for_each(|part| change_each(part, change)),
        RefOr::T(Schema::AllOf(all_of)) => all_of.items.iter_mut().for_each(|part| change_each(part, change)),
        RefOr::T(Schema::AnyOf(any_of)) => any_of.items.iter_mut().for_each(|part| change_each(part, change)),
        RefOr::T(Schema::Array(array)) => {
            if let ArrayItems::RefOrSchema(items) = &mut array.items {
                change_each(items, change);
            }
        }
        RefOr::T(_) | RefOr::Ref(_) => {}
    }
    change(schema);
}

/// Changes every schema of the document: of components, parameters, bodies and replies.
pub fn change_all(document: &mut OpenApi, mut change: impl FnMut(&mut RefOr<Schema>)) {
    for (_, _, operation) in operations(document) {
        for parameter in operation.parameters.iter_mut().flatten() {
            if let RefOr::T(parameter) = parameter
                && let Some(schema) = &mut parameter.schema
            {
                change_each(schema, &mut change);
            }
        }
        if let Some(RefOr::T(body)) = &mut operation.request_body {
            for content in body.content.values_mut() {
                change_content(content, &mut change);
            }
        }
        for response in operation.responses.responses.values_mut() {
            let RefOr::T(response) = response else { continue };
            for content in response.content.values_mut() {
                change_content(content, &mut change);
            }
        }
    }
    for schema in schemas(document).values_mut() {
        change_each(schema, &mut change);
    }
}

fn change_content(content: &mut RefOr<Content>, change: &mut impl FnMut(&mut RefOr<Schema>)) {
    if let RefOr::T(content) = content
        && let Some(schema) = &mut content.schema
    {
        change_each(schema, change);
    }
}

/// The components that requests' bodies are made of.
pub fn names_in_requests(document: &mut OpenApi) -> BTreeSet<String> {
    names_in(document, |operation| match &operation.request_body {
        Some(RefOr::T(body)) => body.content.values().filter_map(schema_of).collect(),
        Some(RefOr::Ref(_)) | None => Vec::new(),
    })
}

/// The components that replies are made of.
pub fn names_in_replies(document: &mut OpenApi) -> BTreeSet<String> {
    names_in(document, |operation| {
        let responses = operation.responses.responses.values();
        let contents = responses.filter_map(|response| match response {
            RefOr::T(response) => Some(response.content.values()),
            RefOr::Ref(_) => None,
        });
        contents.flatten().filter_map(schema_of).collect()
    })
}

/// The components that parameters are made of.
pub fn names_in_parameters(document: &mut OpenApi) -> BTreeSet<String> {
    names_in(document, |operation| {
        let parameters = operation.parameters.iter().flatten();
        parameters
            .filter_map(|parameter| if let RefOr::T(it) = parameter { it.schema.as_ref() } else { None })
            .collect()
    })
}

fn schema_of(content: &RefOr<Content>) -> Option<&RefOr<Schema>> {
    if let RefOr::T(content) = content { content.schema.as_ref() } else { None }
}

fn names_in(document: &mut OpenApi, schemas_of: impl Fn(&Operation) -> Vec<&RefOr<Schema>>) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (_, _, operation) in operations(document) {
        for schema in schemas_of(operation) {
            find_names(schema, &mut names);
        }
    }
    with_all_parts(names, schemas(document))
}

fn with_all_parts(mut names: BTreeSet<String>, schemas: &Schemas) -> BTreeSet<String> {
    let mut unread: Vec<String> = names.iter().cloned().collect();
    while let Some(schema) = unread.pop().map(|name| schemas.get(&name)) {
        let mut found = BTreeSet::new();
        if let Some(schema) = schema {
            find_names(schema, &mut found);
        }
        unread.extend(found.into_iter().filter(|name| names.insert(name.clone())));
    }
    names
}

/// The components that a schema refers to.
fn find_names(schema: &RefOr<Schema>, names: &mut BTreeSet<String>) {
    change_each(&mut schema.clone(), &mut |part| {
        if let RefOr::Ref(reference) = part {
            names.extend(name_of(reference).map(str::to_owned));
        }
    });
}

/// Whether a schema allows null beside something else.
pub fn is_nullable(schema: &RefOr<Schema>) -> bool {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            matches!(&object.schema_type, SchemaType::Array(types) if types.contains(&Type::Null))
        }
        RefOr::T(Schema::Array(array)) => {
            matches!(&array.schema_type, SchemaType::Array(types) if types.contains(&Type::Null))
        }
        RefOr::T(Schema::OneOf(one_of)) => one_of.items.iter().any(is_null),
        RefOr::T(Schema::AnyOf(any_of)) => any_of.items.iter().any(is_null),
        RefOr::T(_) | RefOr::Ref(_) => false,
    }
}

/// True for a schema that allows null and nothing else.
pub fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}

/// Takes null out of what a schema allows.
pub fn drop_null(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            if let SchemaType::Array(types) = &mut object.schema_type {
                types.retain(|kind| *kind != Type::Null);
                if let [only] = types.as_slice() {
                    object.schema_type = SchemaType::Type(only.clone());
                }
            }
        }
        RefOr::T(Schema::OneOf(one_of)) => {
            one_of.items.retain(|item| !is_null(item));
            if let [only] = one_of.items.as_slice() {
                *schema = only.clone();
            }
        }
        _ => {}
    }
}
