//! What holds for every operation: said once here, instead of in every annotation.

use std::collections::btree_map::Entry;

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::{Operation, Parameter, ParameterIn, PathItem};
use utoipa::openapi::schema::{AdditionalProperties, KnownFormat, SchemaFormat, SchemaType};
use utoipa::openapi::{
    ContentBuilder, Object, OpenApi, Ref, RefOr, Response, ResponseBuilder, Responses, Schema, Server, Type,
};

use super::schemas::{change_all, is_null};
use crate::domain::limits::{MAX_IDEMPOTENCY_KEY_CHARS, MAX_SCENARIO_RUN_ID_CHARS, MAX_TYPE_NAME_CHARS};

const REQUEST_ID: &str = "RequestId";

/// Calls without a body that may wait, of which there is a bounded number.
const MAY_WAIT: [&str; 2] = ["lease_events", "read_event"];

/// Replies with tokens of leases or of callers, which no cache may keep.
const NOT_STORED: [&str; 4] = ["lease_events", "exchange_leases", "register_engine", "create_token"];

/// As `domain::names` checks them.
const TYPE_NAME: &str = "^[A-Za-z0-9._:-]+$";
const TEXT: &str = r"^[^\x00-\x1f\x7f-\x9f]+$";
const PRINTABLE_ASCII: &str = r"^[\x20-\x7e]+$";
const NO_NUL: &str = r"^[^\x00]*$";
const UUID: &str = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$";

/// Every operation, with its path and whether it has a body.
pub fn operations(document: &mut OpenApi) -> impl Iterator<Item = (&str, bool, &mut Operation)> {
    document.paths.paths.iter_mut().flat_map(|(path, item)| {
        let PathItem { get, put, post, delete, patch, .. } = item;
        let without_body = [get, delete].into_iter().flatten().map(|operation| (false, operation));
        let with_body = [put, post, patch].into_iter().flatten().map(|operation| (true, operation));
        without_body.chain(with_body).map(|(has_body, operation)| (path.as_str(), has_body, operation))
    })
}

pub fn complete(document: &mut OpenApi) {
    // From the document's own address, /api/v1/openapi.json: so it holds behind a proxy that adds a path as well.
    let mut server = Server::new("../..");
    server.description = Some("The server that this document comes from".to_owned());
    document.servers = Some(vec![server]);
    for (path, has_body, operation) in operations(document) {
        if path.starts_with("/api/v1/") {
            add_problems(&mut operation.responses, has_body);
        }
        add_refusals_of_browsers(&mut operation.responses);
        if operation.operation_id.as_deref().is_some_and(|id| MAY_WAIT.contains(&id)) {
            let overloaded = RefOr::T(problem("As many wait as may, and there is nothing for this one"));
            operation.responses.responses.insert("429".to_owned(), overloaded);
        }
        add_headers(&mut operation.responses);
        if operation.operation_id.as_deref().is_some_and(|id| NOT_STORED.contains(&id)) {
            add_cache_control(&mut operation.responses);
        }
        for parameter in operation.parameters.iter_mut().flatten() {
            let RefOr::T(Parameter { name, parameter_in, schema: Some(schema), .. }) = parameter else { continue };
            // What is left out of a query or a header is not there; it is never null.
            drop_null(schema);
            if let RefOr::T(Schema::Object(object)) = schema {
                narrow(name, object);
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

/// The problems that come from reading a request and from asking the database, whatever the call.
fn add_problems(responses: &mut Responses, has_body: bool) {
    let mut add = |status: &str, description: &str| {
        responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description)));
    };
    if has_body {
        add("400", "Not JSON, or not all of it came");
        add("408", "The body took too long to come");
        add(
            "429",
            "Too much at once, too many new queues or engines in an hour, or too many tokens that do not exist from this address: Retry-After says when to come back",
        );
        add("413", "Too large");
        add("415", "Not declared as JSON, or in another encoding than UTF-8 or gzip");
    }
    add("429", "Too much at once, or too many tokens that do not exist from this address: come back in a moment");
    add("500", "A fault of the service");
    if responses.responses.contains_key("503") {
        let late = "The database did not answer in time; whether the call was done is not known";
        responses.responses.entry("504".to_owned()).or_insert_with(|| RefOr::T(problem(late)));
    }
}

/// Every call can be refused for the page or the host that it comes by.
fn add_refusals_of_browsers(responses: &mut Responses) {
    const OTHER_SITE: &str = "A page of another site sent it";
    match responses.responses.entry("403".to_owned()) {
        Entry::Vacant(entry) => {
            entry.insert(RefOr::T(problem(OTHER_SITE)));
        }
        Entry::Occupied(mut entry) => {
            if let RefOr::T(response) = entry.get_mut() {
                response.description.push_str("; or: ");
                response.description.push_str(OTHER_SITE);
            }
        }
    }
    let host = "Without authentication: the host is not a local one, and not among --allowed-hosts";
    responses.responses.entry("421".to_owned()).or_insert_with(|| RefOr::T(problem(host)));
}

pub fn problem(description: &str) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", body).build()
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

/// What a parameter of that name can be, on whichever call it stands.
fn narrow(name: &str, object: &mut Object) {
    match name {
        "engine_type" | "event_type" => {
            object.min_length = Some(1);
            object.max_length = Some(MAX_TYPE_NAME_CHARS);
            object.pattern = Some(TYPE_NAME.to_owned());
        }
        "scenario_run_id" => {
            object.min_length = Some(1);
            object.max_length = Some(MAX_SCENARIO_RUN_ID_CHARS);
            object.pattern = Some(TEXT.to_owned());
        }
        "Idempotency-Key" => {
            object.min_length = Some(1);
            object.max_length = Some(MAX_IDEMPOTENCY_KEY_CHARS);
            object.pattern = Some(PRINTABLE_ASCII.to_owned());
        }
        "include" => object.enum_values = Some(vec!["payload".into()]),
        _ if object.schema_type == SchemaType::Type(Type::String) && object.format.is_none() => {
            object.pattern = object.pattern.take().or_else(|| Some(NO_NUL.to_owned()));
        }
        _ => {}
    }
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
