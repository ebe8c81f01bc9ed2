//! How a request becomes an [`Input`]: its token's reach is checked before its body is read.

use axum::extract::{FromRequest, RawPathParams, Request};
use axum::http::Method;

use super::body::HeldBody;
use super::caller::Caller;
use super::input::{Input, read_query};
use super::reach;
use crate::http::api::Api;
use crate::http::errors::{Code, Problem};

impl FromRequest<Api> for Input {
    type Rejection = Problem;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Problem> {
        use axum::extract::FromRequestParts as _;
        let (mut parts, body) = request.into_parts();
        let path = RawPathParams::from_request_parts(&mut parts, api)
            .await
            .map_err(|_| Problem::new(Code::NotFound, "the path is not UTF-8"))?;
        let query = read_query(parts.uri.query().unwrap_or_default());
        let caller = Caller::of(&mut parts.extensions);
        let mut input =
            Self { path, query, headers: parts.headers, body: HeldBody::default(), caller, limits: api.limits };
        // What is not allowed is not read.
        reach::check(&input, api).await?;
        let takes_body = matches!(parts.method, Method::POST | Method::PUT | Method::PATCH);
        if takes_body {
            input.body = HeldBody::read(body, &input.headers, api).await?;
        }
        // A body may take a minute to arrive, and a token may end in that time.
        input.caller.check_still_good(api)?;
        // Every call of an engine is a sign of its life.
        if let Some(engine_id) = input.calling_engine() {
            api.broker.note_call(engine_id);
        }
        Ok(input)
    }
}
