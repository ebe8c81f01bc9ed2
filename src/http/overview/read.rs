//! `GET /overview`: from memory alone, however many look at it.

use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;

use super::entity_tags::if_none_match_names;
use super::reply::OverviewReply;
use crate::broker::overview::{Form, Overview};
use crate::http::accepted::takes_gzip;
use crate::http::api::Api;
use crate::http::compressed::gzip;
use crate::http::errors::{Code, Problem};
use crate::http::examples;
use crate::http::requests::Input;

/// Shows how the whole service stands: what somebody should see to, the worst first; all queues together; each queue in brief; and
/// what the database is warned of.
///
/// It is what this server measured last, at `as_of`: no more than 5 seconds ago while measuring keeps up. It asks the database
/// nothing. Each server measures for itself, so two of them may answer a little differently. Where `Accept-Encoding` names gzip, the
/// reply comes compressed: with 1,000 queues it is a fifth as long or less.
#[utoipa::path(
    get, path = "/overview", operation_id = "read_overview", tag = "operations",
    params(("If-None-Match" = Option<String>, Header, description = "The ETag of an earlier reply: if nothing was measured since, the reply is 304, without a body")),
    responses(
        (status = 200, description = "How it stands; ETag names this content", body = OverviewReply, example = json!(examples::overview())),
        (status = 304, description = "It stands as the reply said whose ETag If-None-Match names"),
        (status = 422, description = "It takes no parameters"),
        (status = 503, description = "This server started just now, and has not measured anything yet"),
    )
)]
pub async fn overview(State(api): State<Api>, input: Input) -> Result<Response, Problem> {
    {
        let reader = input.reader();
        reader.caller();
        reader.finish(|| Some(()))?;
    }
    let Some(overview) = api.broker.overview(input.caller.engine_types()) else {
        let detail = "this server has not measured its queues yet";
        return Err(Problem::new(Code::DatabaseUnavailable, detail).with_header(header::RETRY_AFTER, "1"));
    };
    let is_compressed = takes_gzip(&input.headers);
    // The same content in other bytes has a weak tag.
    let tag = format!("{}\"{}\"", if is_compressed { "W/" } else { "" }, overview.revision);
    let headers = [
        (header::ETAG, HeaderValue::try_from(tag).expect("letters, digits, dashes, slashes and quotes")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, no-cache")),
        (header::VARY, HeaderValue::from_static("accept-encoding")),
    ];
    if if_none_match_names(&input.headers, &overview.revision) {
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let json = overview.rendered(Form::Plain, json);
    let content_type = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    if !is_compressed {
        return Ok((headers, content_type, json).into_response());
    }
    let smaller = overview.rendered(Form::Compressed, |_| gzip(&json, Compression::fast()));
    let encoding = [(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
    Ok((headers, content_type, encoding, smaller).into_response())
}

fn json(overview: &Overview) -> Vec<u8> {
    serde_json::to_vec(&OverviewReply::of(overview)).expect("text and numbers")
}
