//! What the document says of tokens: which operations take one, of which roles, and how they are refused.

use utoipa::openapi::header::{Header, HeaderBuilder};
use utoipa::openapi::path::Operation as Documented;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Object, OpenApi, RefOr, Response, Type};

use super::problems::problem;
use super::walk::operations;
use crate::domain::access::{Openness, Operation, Permission, Role};

const SCHEME: &str = "token";

/// A token is optional where it is not said whether the server requires one.
pub fn add(document: &mut OpenApi) {
    let about = "A token of EventLease, `el_…`: made by an admin, or given to an engine when it registers. A server with \
                 `--auth off` asks for none.";
    let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some(about)).build();
    let components = document.components.get_or_insert_default();
    components.security_schemes.insert(SCHEME.to_owned(), RefOr::T(SecurityScheme::Http(scheme)));
    for (_, _, documented) in operations(document) {
        let Some(operation) = documented.operation_id.as_deref().and_then(Operation::parse) else { continue };
        if operation.openness() == Openness::Open {
            documented.security = Some(Vec::new());
        } else {
            let token: [&str; 0] = [];
            let optional = SecurityRequirement::default();
            documented.security = Some(vec![optional, SecurityRequirement::new(SCHEME, token)]);
            add_refusals(documented);
            tell_roles(documented, operation);
        }
    }
}

/// The same where the server says so: required, but for what `is_open`.
pub fn require(document: &mut OpenApi, is_open: impl Fn(Operation) -> bool) {
    for (_, _, documented) in operations(document) {
        let operation = documented.operation_id.as_deref().and_then(Operation::parse);
        if operation.is_some_and(&is_open) {
            documented.security = Some(Vec::new());
        } else if let Some(requirements) = &mut documented.security {
            requirements.retain(|requirement| *requirement != SecurityRequirement::default());
        }
    }
}

fn tell_roles(documented: &mut Documented, operation: Operation) {
    let roles = Role::ALL.into_iter().filter_map(|role| match operation.permission(role) {
        Permission::Nothing => None,
        Permission::Own => Some(format!("{} (its own)", role.as_str())),
        Permission::All => Some(role.as_str().to_owned()),
    });
    let roles = format!("Roles: {}.", roles.collect::<Vec<_>>().join(", "));
    let description = documented.description.get_or_insert_default();
    if !description.is_empty() {
        description.push_str("\n\n");
    }
    description.push_str(&roles);
}

fn add_refusals(documented: &mut Documented) {
    let responses = &mut documented.responses.responses;
    let mut add = |status: &str, response: Response| {
        responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(response));
    };
    let mut unauthenticated = problem("No token, or one that is not known or not good any more");
    unauthenticated.headers.insert("WWW-Authenticate".to_owned(), RefOr::T(challenge()));
    add("401", unauthenticated);
    add("403", problem("The token does not allow it"));
    add("429", problem("Too many tokens that do not exist were shown from this address"));
    add("503", problem("A token is not known, and the database cannot be asked"));
    add("504", problem("A token is not known, and the database did not answer in time"));
}

fn challenge() -> Header {
    let schema = Object::with_type(Type::String);
    HeaderBuilder::new().schema(Some(schema)).description(Some("Bearer, and what is wrong (RFC 6750)")).build()
}
