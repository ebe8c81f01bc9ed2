//! What holds for every operation: said once here, instead of in every annotation.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Parameter, ParameterIn};
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, SchemaFormat, SchemaType};
use utoipa::openapi::{Object, OpenApi, Ref, RefOr, Responses, Schema, Server, Type};

use super::bounds::narrow;
use super::walk::{change_all, drop_null, operations};

const REQUEST_ID: &str = "RequestId";

/// Replies with tokens of leases or of callers, which no cache may keep.
const NOT_STORED: [&str; 5] =
    ["lease_events", "exchange_leases", "register_engine", "create_token", "renew_engine_token"];

const NO_NUL: &str = r"^[^\x00]*$";
const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";

/// Adds to every operation what all have in common.
pub fn complete(document: &mut OpenApi) {
    // From the document's own address, /api/v1/openapi.json: so it holds behind a proxy that adds a path as well.
    let mut server = Server::new("../..");
    server.description = Some("The server that this document comes from".to_owned());
    document.servers = Some(vec![server]);
    for (_, _, operation) in operations(document) {
        let id = operation.operation_id.clone().unwrap_or_default();
        add_headers(&mut operation.responses);
        if NOT_STORED.contains(&id.as_str()) {
            add_cache_control(&mut operation.responses);
        }
        for parameter in operation.parameters.iter_mut().flatten() {
            let RefOr::T(Parameter { name, parameter_in, schema: Some(schema), .. }) = parameter else { continue };
            // What is left out of a query or a header is not there; it is never null.
            drop_null(schema);
            if let RefOr::T(schema) = schema {
                narrow(&id, name, schema);
            }
            if let RefOr::T(Schema::Object(object)) = schema {
                if name == "include" {
                    object.enum_values = Some(vec!["payload".into()]);
                } else if object.schema_type == SchemaType::Type(Type::String) && object.format.is_none() {
                    object.pattern = object.pattern.take().or_else(|| Some(NO_NUL.to_owned()));
                }
                if *parameter_in == ParameterIn::Header {
                    leave_as_text(object);
                }
            }
        }
    }
    change_all(document, let_any_member_pass);
    let components = document.components.get_or_insert_default();
    components.headers.insert(REQUEST_ID.to_owned(), RefOr::T(request_id()));
}

/// A header is a text to generated clients: one with a format becomes an object that they cannot send.
fn leave_as_text(object: &mut Object) {
    if object.format.take() == Some(SchemaFormat::KnownFormat(KnownFormat::Uuid)) {
        object.pattern = Some(UUID.to_owned());
    }
}

/// An object of which no member has a name may have any; to generators of clients, one that does not say so has none.
fn let_any_member_pass(schema: &mut RefOr<Schema>) {
    let RefOr::T(Schema::Object(object)) = schema else { return };
    let is_object = match &object.schema_type {
        SchemaType::Type(kind) => *kind == Type::Object,
        SchemaType::Array(kinds) => kinds.contains(&Type::Object),
        SchemaType::AnyValue => false,
    };
    if is_object && object.properties.is_empty() && object.additional_properties.is_none() {
        object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(true)));
    }
}

fn add_headers(responses: &mut Responses) {
    for (status, response) in &mut responses.responses {
        let RefOr::T(response) = response else { continue };
        let request_id = Ref::new(format!("#/components/headers/{REQUEST_ID}"));
        response.headers.insert("X-Request-Id".to_owned(), RefOr::Ref(request_id));
        if status == "503" || status == "429" {
            response.headers.insert("Retry-After".to_owned(), RefOr::T(retry_after()));
        }
    }
}

fn add_cache_control(responses: &mut Responses) {
    for (_, response) in responses.responses.iter_mut().filter(|(status, _)| status.starts_with('2')) {
        if let RefOr::T(response) = response {
            let schema = Object::with_type(Type::String);
            let header = HeaderBuilder::new().schema(Some(schema)).description(Some("no-store")).build();
            response.headers.insert("Cache-Control".to_owned(), RefOr::T(header));
        }
    }
}

fn request_id() -> Header {
    let mut schema = Object::with_type(Type::String);
    schema.min_length = Some(1);
    schema.max_length = Some(64);
    let told = "The caller's own X-Request-Id, where it was at most 64 printable characters of ASCII; else a new one";
    HeaderBuilder::new().schema(Some(schema)).description(Some(told)).build()
}

fn retry_after() -> Header {
    let mut schema = Object::with_type(Type::Integer);
    schema.format = Some(SchemaFormat::KnownFormat(KnownFormat::Int32));
    HeaderBuilder::new().schema(Some(schema)).description(Some("Seconds until another try is worth it")).build()
}
