//! The problems that every call may be answered with: said once here, instead of in every annotation.

use super::walk::operations;
use std::collections::btree_map::Entry;
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder, Responses};

/// Calls without a body that may wait, of which there is a bounded number.
const MAY_WAIT: [&str; 2] = ["lease_events", "read_event"];

/// The one call that needs no database.
const WITHOUT_DATABASE: &str = "read_openapi_document";

/// Adds what comes of reading a request and of asking the database, where the handler has not said it more exactly.
pub fn add(document: &mut OpenApi) {
    for (path, has_body, operation) in operations(document) {
        describe_bodies(&mut operation.responses);
        if !path.starts_with("/api/v1/") {
            continue;
        }
        let responses = &mut operation.responses;
        if operation.operation_id.as_deref() != Some(WITHOUT_DATABASE) {
            add_one(responses, "422", "Every bad place is named");
            add_one(responses, "503", "No database");
        }
        if has_body {
            add_one(responses, "400", "Not JSON");
            add_one(responses, "413", "Too large");
            add_one(responses, "415", "Not declared as JSON, or in another encoding than UTF-8 or gzip");
        }
    }
}

/// Adds what may come of any call; `security` has said before what comes of tokens.
pub fn complete(document: &mut OpenApi) {
    for (path, has_body, operation) in operations(document) {
        let responses = &mut operation.responses;
        if path.starts_with("/api/v1/") {
            if has_body {
                add_one(responses, "408", "The body took too long to come");
            }
            add_one(responses, "500", "A fault of the service");
        }
        add_refusals_of_browsers(responses);
        if operation.operation_id.as_deref().is_some_and(|id| MAY_WAIT.contains(&id)) {
            let overloaded = problem("As many wait as may, and there is nothing for this one");
            responses.responses.insert("429".to_owned(), RefOr::T(overloaded));
        }
    }
}

fn add_one(responses: &mut Responses, status: &str, description: &str) {
    responses.responses.entry(status.to_owned()).or_insert_with(|| RefOr::T(problem(description)));
}

/// Every reply of an error is a problem, unless the handler says otherwise.
fn describe_bodies(responses: &mut Responses) {
    for (status, response) in &mut responses.responses {
        if let RefOr::T(response) = response
            && status.starts_with(['4', '5'])
            && response.content.is_empty()
        {
            *response = problem(&response.description);
        }
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

/// A reply with a problem.
pub fn problem(description: &str) -> Response {
    let body = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new().description(description).content("application/problem+json", body).build()
}
