//! Lists: pages, newest first, behind a cursor that stays good while rows come and go.

use std::fmt::Display;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;
use utoipa::{IntoParams, ToSchema};

use super::errors::InputPlace;
use super::requests::Reader;
use super::requests::texts::number_in;
use crate::domain::limits::{DEFAULT_PAGE, MAX_PAGE};
use crate::domain::names::{BadName, EngineType};
use crate::domain::page::{self, ShownParts};
use std::str::FromStr;

/// Said of a cursor that cannot be read.
pub const BAD_CURSOR: &str = "is not a next_cursor of this list";

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// For `?cursor=`, to get the next page; null on the last.
    pub next_cursor: Option<String>,
}

/// The parameters by which every list is read page by page.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[expect(dead_code, reason = "describes the query to OpenAPI; `limit` and the readers of cursors read it")]
pub struct PageParameters {
    /// Items a page, 50 by default
    limit: Option<u32>,
    #[expect(clippy::doc_markdown, reason = "the document shows this text as it is")]
    /// The next_cursor of the page before
    cursor: Option<String>,
}

/// Which page is asked for.
#[derive(Debug)]
pub struct Asked<Id> {
    /// Items at most, 1 to 200.
    pub limit: u32,
    /// The creation and the id of the last item before the page; `None` for the first page.
    pub behind: Option<(DateTime<Utc>, Id)>,
}

/// Reads `?limit=` and `?cursor=`.
pub fn asked<Id>(reader: &Reader<'_>, id: impl Fn(uuid::Uuid) -> Id) -> Asked<Id> {
    Asked { limit: limit(reader), behind: reader.query("cursor", parse_cursor).map(|(at, uuid)| (at, id(uuid))) }
}

/// Reads `?limit=`.
pub fn limit(reader: &Reader<'_>) -> u32 {
    reader.query("limit", number_in(1..=MAX_PAGE)).unwrap_or(DEFAULT_PAGE)
}

/// Reads `?cursor=` of a list of queues or event types, whose names are places enough. `.` and `..` are among them where an
/// older version took them.
pub fn behind_name(reader: &Reader<'_>) -> Option<String> {
    reader.query("cursor", |text| match EngineType::parse(text) {
        Ok(_) | Err(BadName::Dots) => Ok(text.to_owned()),
        Err(BadName::Empty | BadName::TooLong { .. } | BadName::Character { .. } | BadName::Control) => Err(BAD_CURSOR),
    })
}

impl<T> Page<T> {
    /// Makes the reply of a page that was read.
    pub fn of_read<F>(read: page::Page<F>, place: impl Fn(&F) -> String, item: impl Fn(F) -> T) -> Self {
        let next_cursor = if read.has_more { read.items.last().map(place) } else { None };
        Self { items: read.items.into_iter().map(item).collect(), next_cursor }
    }

    /// Makes a page of what was found when one more than `limit` was asked for.
    pub fn of<F>(mut found: Vec<F>, limit: u32, place: impl Fn(&F) -> String, item: impl Fn(F) -> T) -> Self {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let has_more = found.len() > limit;
        found.truncate(limit);
        let next_cursor = if has_more { found.last().map(place) } else { None };
        Self { items: found.into_iter().map(item).collect(), next_cursor }
    }
}

/// The place of a row: its time, to the microsecond, and its id.
pub fn cursor(at: DateTime<Utc>, id: impl Display) -> String {
    format!("{}_{id}", at.to_rfc3339_opts(SecondsFormat::Micros, true))
}

/// Reads a place that `cursor` wrote.
pub fn parse_cursor(text: &str) -> Result<(DateTime<Utc>, uuid::Uuid), String> {
    text.split_once('_')
        .and_then(|(at, id)| Some((DateTime::parse_from_rfc3339(at).ok()?.to_utc(), uuid::Uuid::from_str(id).ok()?)))
        .ok_or_else(|| BAD_CURSOR.to_owned())
}

/// Reads `?view=brief`.
pub fn is_brief(reader: &Reader<'_>) -> bool {
    reader.query("view", |text| if text == "brief" { Ok(()) } else { Err("can be brief, nothing else") }).is_some()
}

/// Reads `?view=brief` and `?include=payload`, which do not stand beside each other.
pub fn shown_parts(reader: &Reader<'_>) -> ShownParts {
    let parts = ShownParts { is_brief: is_brief(reader), with_payload: includes_payload(reader) };
    if parts.is_brief && parts.with_payload {
        reader
            .errors()
            .add(InputPlace::Parameter("include".to_owned()), "stands beside view=brief, which has no payloads");
    }
    parts
}

/// Reads `?include=payload`.
pub fn includes_payload(reader: &Reader<'_>) -> bool {
    reader
        .query("include", |text| if text == "payload" { Ok(()) } else { Err("can be payload, nothing else") })
        .is_some()
}
