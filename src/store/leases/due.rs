//! What is due in a queue, and what will be: scans that begin behind an edge, where the dead entries of what was
//! leased before are not met again.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use sqlx::types::Json;
use uuid::Uuid;

use crate::domain::ids::EventId;
use crate::domain::lane::Lane;
use crate::domain::retry_policy::RetryPolicyOverrides;
use crate::domain::verdict::Spent;
use crate::store::error::Result;

/// Where the scan of one (lane, priority) of a queue begins: behind this position.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct DuePosition {
    /// When the event was due.
    pub available_at: DateTime<Utc>,
    /// Among those that were due then.
    pub event_id: EventId,
}

impl DuePosition {
    /// Before everything.
    pub const FRONT: Self = Self { available_at: DateTime::<Utc>::UNIX_EPOCH, event_id: EventId(Uuid::nil()) };
}

/// One priority of a lane to scan.
#[derive(Clone, Copy, Debug)]
pub struct Range {
    /// 0 to 9.
    pub priority: u8,
    /// Where the scan begins.
    pub behind: DuePosition,
}

/// A due event whose row is locked by this transaction.
#[derive(Clone, Debug)]
pub struct DueEvent {
    /// Where a later scan may begin.
    pub position: DuePosition,
    /// 0 to 9.
    pub priority: u8,
    /// What an engine may hold beside it.
    pub lane: Lane,
    /// Of the payload as it was sent.
    pub payload_bytes: u64,
    /// It has been due for longer than the seconds given.
    pub is_overdue: bool,
    /// What its lease has to know of it.
    pub row: QueuedRow,
}

/// What a lease has to know of a queued event's row.
#[derive(Clone, Debug, Default, sqlx_macros::FromRow)]
pub struct QueuedRow {
    /// Where the row stands in its table (PostgreSQL's `ctid`), while it is locked.
    pub tid: String,
    /// What happened.
    pub event_type: String,
    /// The number of the latest attempt; 0 before the first.
    pub attempt: i32,
    failures: i32,
    lease_losses: i32,
    releases: i32,
    /// How often it was redriven.
    pub redrives: i32,
    visibility_timeout_seconds: Option<i32>,
    retry_policy: Option<Json<RetryPolicyOverrides>>,
    /// The simulation run it belongs to.
    pub scenario_run_id: Option<String>,
    /// Of the events of its queue, no other has this key while this one is open.
    pub unique_key: Option<String>,
}

impl QueuedRow {
    /// What the event has spent of its budgets.
    pub const fn spent(&self) -> Spent {
        Spent {
            failures: self.failures.cast_unsigned(),
            lease_losses: self.lease_losses.cast_unsigned(),
            releases: self.releases.cast_unsigned(),
        }
    }

    /// Its own visibility timeout, in seconds.
    pub fn visibility_timeout_seconds(&self) -> Option<u32> {
        self.visibility_timeout_seconds.map(i32::cast_unsigned)
    }

    /// Its own part of the retry policy.
    pub fn retry_policy(&self) -> Option<&RetryPolicyOverrides> {
        self.retry_policy.as_deref()
    }
}

#[derive(sqlx_macros::FromRow)]
struct DueRow {
    want: i64,
    event_id: Uuid,
    priority: i16,
    available_at: DateTime<Utc>,
    payload_bytes: i32,
    is_overdue: bool,
    #[sqlx(flatten)]
    row: QueuedRow,
}

/// What to lock of one lane of a queue: up to `limit` events, in the order of `edges` (priority 9 first).
#[derive(Clone, Copy, Debug)]
pub struct Want<'a> {
    /// The queue.
    pub engine_type: &'a str,
    /// Of which of its lanes.
    pub lane: Lane,
    /// One for each priority.
    pub edges: &'a [Range],
    /// How many events at most.
    pub limit: u32,
}

/// Locks due events, of each want its own, passing over those that another transaction has locked.
pub async fn lock_due(
    connection: &mut PgConnection,
    wants: &[Want<'_>],
    overdue_after_seconds: u32,
) -> Result<Vec<Vec<DueEvent>>> {
    let edges = || wants.iter().flat_map(|want| want.edges);
    let rows: Vec<DueRow> = sqlx::query_as(include_str!("../sql/lock_due.sql"))
        .bind(wants.iter().map(|want| want.engine_type).collect::<Vec<_>>())
        .bind(wants.iter().map(|want| i16::from(want.lane.number())).collect::<Vec<_>>())
        .bind(wants.iter().map(|want| i64::from(want.limit)).collect::<Vec<_>>())
        .bind(edges().map(|range| i16::from(range.priority)).collect::<Vec<_>>())
        .bind(edges().map(|range| range.behind.available_at).collect::<Vec<_>>())
        .bind(edges().map(|range| range.behind.event_id.0).collect::<Vec<_>>())
        .bind(f64::from(overdue_after_seconds))
        .fetch_all(connection)
        .await?;
    let mut due = vec![Vec::new(); wants.len()];
    for row in rows {
        let want = usize::try_from(row.want - 1).expect("the ordinal of a want");
        due[want].push(DueEvent {
            position: DuePosition { available_at: row.available_at, event_id: EventId(row.event_id) },
            priority: u8::try_from(row.priority).expect("the schema keeps priorities in 0 to 9"),
            lane: wants[want].lane,
            payload_bytes: u64::from(row.payload_bytes.cast_unsigned()),
            is_overdue: row.is_overdue,
            row: row.row,
        });
    }
    Ok(due)
}

/// When something is due.
#[derive(Debug)]
pub struct NextDue {
    /// By the database's clock.
    pub now: Option<DateTime<Utc>>,
    /// For each want, in how many seconds; in less than none where it is due already.
    pub seconds: Vec<Option<f64>>,
}

/// When the first event of each want is due; their limits do not matter.
pub async fn seconds_until_due(connection: &mut PgConnection, wants: &[Want<'_>]) -> Result<NextDue> {
    let edges = || wants.iter().flat_map(|want| want.edges);
    let rows: Vec<(DateTime<Utc>, Option<f64>)> = sqlx::query_as(include_str!("../sql/seconds_until_due.sql"))
        .bind(wants.iter().map(|want| want.engine_type).collect::<Vec<_>>())
        .bind(wants.iter().map(|want| i16::from(want.lane.number())).collect::<Vec<_>>())
        .bind(edges().map(|range| i16::from(range.priority)).collect::<Vec<_>>())
        .bind(edges().map(|range| range.behind.available_at).collect::<Vec<_>>())
        .bind(edges().map(|range| range.behind.event_id.0).collect::<Vec<_>>())
        .fetch_all(connection)
        .await?;
    let now = rows.first().map(|(now, _)| *now);
    Ok(NextDue { now, seconds: rows.into_iter().map(|(_, seconds)| seconds).collect() })
}
