//! Events as they are read: the facts, and where the event stands, in one snapshot.

/// Takes events in.
pub mod enqueue;
/// Which event a key stands for.
pub mod idempotency;
/// What follow-up events have from the event that was completed.
pub mod follow_ups;
/// Which open event has a unique key.
pub mod open_keys;
pub mod cancellation;
pub mod reschedule;
pub mod attempts;
/// Where a queued event stands in its line.
pub mod place;

use chrono::TimeDelta;
use sqlx::PgConnection;
use uuid::Uuid;

use super::error::Result;
use super::page::{PageRow, page, page_of};
use super::row::from_row;
use crate::domain::event::{BriefEvent, Event, EventScope, Filter, Status};
use crate::domain::ids::EventId;
use crate::domain::page::{Page, ShownParts};

from_row!(Event, "events", event_id: EventId, {
    event_id, engine_type, event_type, status, payload, payload_bytes, priority, scenario_run_id, created_at, available_at,
    finished_at, attempt, failures, lease_losses, redrives, leased_by, is_leased, leased_at, lease_expires_at, lease_deadline_at, is_suspect, discard_at, retry_policy,
    progress, progress_at, progress_bytes, result, result_bytes, error, error_type, error_message, error_bytes,
    dead_letter_reason, is_cancel_requested, redriven_from, redriven_as, caused_by, traceparent, unique_key, enqueued_by,
});

from_row!(BriefEvent, "events", event_id: EventId, {
    event_id, engine_type, event_type, status, attempt, created_at, finished_at, enqueued_by,
});

from_row!(EventScope, "events", engine_type: String, { engine_type, enqueued_by });

/// The choice of events, and what is known of each.
macro_rules! with_details {
    ($($choice:literal),+) => {
        concat!($(include_str!($choice), "\n",)+ include_str!("sql/event_details.sql"))
    };
}

/// One event, wherever it stands; `None` where there is none, or its history has been dropped.
pub async fn read(connection: &mut PgConnection, event_id: EventId, with_payload: bool) -> Result<Option<Event>> {
    Ok(sqlx::query_as(with_details!("sql/read_event.sql"))
        .bind(event_id.0)
        .bind(with_payload)
        .fetch_optional(connection)
        .await?)
}

/// Those of the events that are known, in brief, in any order.
pub async fn read_brief(connection: &mut PgConnection, events: &[EventId]) -> Result<Vec<BriefEvent>> {
    let ids: Vec<Uuid> = events.iter().map(|event_id| event_id.0).collect();
    Ok(sqlx::query_as(include_str!("sql/read_brief_events.sql")).bind(ids).fetch_all(connection).await?)
}

/// Whose an event is; `None` where there is no such event, or its history has been dropped.
pub async fn scope(connection: &mut PgConnection, event_id: EventId) -> Result<Option<EventScope>> {
    Ok(sqlx::query_as(include_str!("sql/event_scope.sql")).bind(event_id.0).fetch_optional(connection).await?)
}

/// Those of the events that are not open: they have ended, or are not known at all.
pub async fn not_open(connection: &mut PgConnection, events: &[EventId]) -> Result<Vec<EventId>> {
    let ids: Vec<Uuid> = events.iter().map(|event_id| event_id.0).collect();
    let ended: Vec<Uuid> = sqlx::query_scalar(include_str!("sql/not_open.sql")).bind(ids).fetch_all(connection).await?;
    Ok(ended.into_iter().map(EventId).collect())
}

/// An idempotency key may be waited for between the making of an id and its event's time: no longer than a statement
/// may run.
const ID_BEFORE_CREATION: TimeDelta = TimeDelta::minutes(10);

/// The ids that events of these times can have, as the lower bound and what they are below.
fn ids(filter: &Filter) -> (EventId, EventId) {
    let from = filter.created_after.map_or(EventId(Uuid::nil()), |after| EventId::floor(after - ID_BEFORE_CREATION));
    let below = filter
        .created_before
        .map_or(EventId(Uuid::max()), |before| EventId::floor(before + TimeDelta::milliseconds(1)));
    (from, below)
}

/// A page of events with all that is known of them.
macro_rules! page_with_details {
    ($($choice:literal),+) => {
        page!(
            order by "event_id desc",
            bytes "case when payload is null then 0 else payload_bytes::bigint end + coalesce(octet_length(result::text), 0)
                + coalesce(octet_length(error::text), 0) + coalesce(octet_length(progress::text), 0)",
            with_details!($($choice),+)
        )
    };
}

/// Where a page of events begins to look, by the filter that lets the fewest through.
enum Choice<'a> {
    All,
    OfRun(&'a str),
    CausedBy(EventId),
    IdempotencyKey(&'a str),
    UniqueKey(&'a str),
    FailedBy(&'a str),
    Lost(u32),
    Open(OpenChoice),
}

enum OpenChoice {
    All,
    Failing,
    Suspects,
    Held,
}

impl Filter {
    /// By the first of the filters that are given; those that are left are conditions of its statement. Filters of open events do
    /// not stand beside a cause or a key.
    fn choice(&self) -> Choice<'_> {
        let is_open = matches!(self.status, Some(Status::Queued | Status::Processing));
        if let Some(caused_by) = self.caused_by {
            Choice::CausedBy(caused_by)
        } else if let Some(key) = &self.idempotency_key {
            Choice::IdempotencyKey(key)
        } else if let Some(key) = &self.unique_key {
            Choice::UniqueKey(key)
        } else if let Some(losses) = self.ended_losses() {
            Choice::Lost(losses)
        } else if self.leased_by.is_some() {
            Choice::Open(OpenChoice::Held)
        } else if self.lease_losses_min.is_some_and(|losses| losses > 0) {
            Choice::Open(OpenChoice::Suspects)
        } else if self.is_failing {
            Choice::Open(OpenChoice::Failing)
        } else if self.lease_losses_min.is_some() {
            Choice::Open(OpenChoice::All)
        } else if let Some(error_type) = &self.error_type {
            Choice::FailedBy(error_type)
        } else if let Some(run) = &self.scenario_run_id {
            Choice::OfRun(run)
        } else if is_open {
            Choice::Open(OpenChoice::All)
        } else {
            Choice::All
        }
    }
}

impl Choice<'_> {
    const fn statement(&self) -> &'static str {
        match self {
            Self::All => page_with_details!("sql/all_events.sql", "sql/list_events.sql"),
            Self::OfRun(_) => page_with_details!("sql/events_of_run.sql", "sql/list_events.sql"),
            Self::CausedBy(_) => page_with_details!("sql/events_caused_by.sql", "sql/list_events.sql"),
            Self::IdempotencyKey(_) => {
                page_with_details!("sql/events_by_idempotency_key.sql", "sql/list_events.sql")
            }
            Self::UniqueKey(_) => page_with_details!("sql/events_by_unique_key.sql", "sql/list_events.sql"),
            Self::FailedBy(_) => page_with_details!("sql/list_failed_by_error.sql"),
            Self::Lost(_) => page_with_details!("sql/lost_events.sql", "sql/list_events.sql"),
            Self::Open(OpenChoice::All) => {
                page_with_details!("sql/all_open_events.sql", "sql/list_open_events.sql")
            }
            Self::Open(OpenChoice::Failing) => {
                page_with_details!("sql/failing_events.sql", "sql/list_open_events.sql")
            }
            Self::Open(OpenChoice::Suspects) => {
                page_with_details!("sql/suspect_events.sql", "sql/list_open_events.sql")
            }
            Self::Open(OpenChoice::Held) => page_with_details!("sql/held_events.sql", "sql/list_open_events.sql"),
        }
    }
}

/// A page of events, the newest first, behind the last one seen.
pub async fn list(
    connection: &mut PgConnection,
    filter: &Filter,
    behind: Option<EventId>,
    limit: u32,
    parts: ShownParts,
) -> Result<Page<Event>> {
    let choice = filter.choice();
    let (from, below) = ids(filter);
    let query = sqlx::query_as(choice.statement())
        .bind(from.0)
        .bind(behind.map_or(below, |behind| behind.min(below)).0)
        .bind(filter.created_after)
        .bind(filter.created_before)
        .bind(&filter.engine_type)
        .bind(&filter.event_type)
        .bind(filter.status.map(Status::as_str))
        .bind(i64::from(limit) + 1)
        .bind(parts.with_payload)
        .bind(filter.enqueued_by.as_deref())
        .bind(&filter.engine_types)
        .bind(parts.is_brief);
    let query = match choice {
        Choice::All => query,
        Choice::OfRun(run) => query.bind(run),
        Choice::CausedBy(event_id) => query.bind(event_id.0).bind(&filter.scenario_run_id),
        Choice::IdempotencyKey(text) | Choice::UniqueKey(text) | Choice::FailedBy(text) => {
            query.bind(text).bind(&filter.scenario_run_id)
        }
        Choice::Lost(losses) => query.bind(losses.cast_signed()).bind(&filter.scenario_run_id),
        Choice::Open(_) => query
            .bind(filter.lease_losses_min.map(u32::cast_signed))
            .bind(&filter.scenario_run_id)
            .bind(&filter.error_type)
            .bind(filter.leased_by.map(|engine_id| engine_id.0))
            .bind(filter.is_failing),
    };
    let rows: Vec<PageRow<Event>> = query.fetch_all(connection).await?;
    Ok(page_of(rows, limit))
}
