//! The service as an overview shows it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::broker::overview::Overview;
use crate::broker::snapshots::DatabaseLook;
use crate::domain::attention::{Code, Item, Severity, Subject};
use crate::domain::database_health::warnings::Warning;
use crate::domain::snapshot::{Engines, QueueSnapshot, Totals};
use crate::http::queues::{EnginesReply, PauseReply, RatesReply, SlotsReply, rounded};
use crate::http::shown::shown;

/// How the service stands.
#[derive(Serialize, ToSchema)]
#[schema(as = Overview)]
pub struct OverviewReply {
    /// When it was measured, by the database's clock.
    as_of: DateTime<Utc>,
    /// What somebody should see to, the worst first, then what has lasted longest.
    attention: Vec<AttentionReply>,
    /// The queues that the token may know, together.
    totals: TotalsReply,
    /// The queues that the token may know, by name.
    queues: Vec<BriefQueueReply>,
    /// What the database was warned of when it was last examined, which is at most a minute ago while it answers. Null for tokens that
    /// are limited to engine types, and before it was examined for the first time.
    database: Option<DatabaseLookReply>,
}

shown! {
    /// Something that somebody should see to.
    #[schema(as = AttentionItem)]
    pub struct AttentionReply of item: Item {
        code: Code,
        severity: Severity,
        /// What it is, for people; may be worded otherwise in the next version.
        message: String,
        /// What to do about it, for people.
        what_to_do: String,
        subject: Subject,
        /// Since when it has been so; where that is not known, since when this server has known of it.
        since: DateTime<Utc> = item.since.unwrap_or_default(),
        /// How many events, engines or attempts it is about.
        count: i64,
    }
}

/// All queues together.
#[derive(Serialize, ToSchema)]
#[schema(as = OverviewTotals)]
pub struct TotalsReply {
    /// How many queues there are.
    queues: i64,
    paused_queues: i64,
    due: i64,
    delayed: i64,
    processing: i64,
    dead_letters: i64,
    suspects: i64,
    /// Of the event that has been due for longest.
    oldest_due_age_seconds: f64,
    rates: RatesReply,
    slots: SlotsReply,
    engines: EnginesReply,
    /// True where a count is an estimate.
    is_approximate: bool,
}

/// A queue in brief. `GET /queues/{engine_type}` has more, as of now.
#[derive(Serialize, ToSchema)]
#[schema(as = BriefQueue)]
pub struct BriefQueueReply {
    engine_type: String,
    due: i64,
    delayed: i64,
    processing: i64,
    dead_letters: i64,
    suspects: i64,
    oldest_due_age_seconds: f64,
    next_due_at: Option<DateTime<Utc>>,
    rates: RatesReply,
    slots: SlotsReply,
    engines: EnginesReply,
    pause: Option<PauseReply>,
    /// How many versions of engines are quarantined.
    quarantined_versions: usize,
    is_approximate: bool,
    /// `due` in the last minutes, up to twenty of them, the newest last; null where it was not measured.
    due_by_minute: Vec<Option<i64>>,
}

shown! {
    /// What was found when the database was last examined.
    #[schema(as = DatabaseLook)]
    pub struct DatabaseLookReply of look: &DatabaseLook {
        as_of: DateTime<Utc>,
        /// The worst first; none: nothing is known to be wrong.
        warnings: Vec<Warning> = look.warnings.clone(),
    }
}

impl OverviewReply {
    /// An overview.
    pub fn of(overview: &Overview) -> Self {
        Self {
            as_of: overview.snapshot().as_of,
            attention: overview.attention.iter().cloned().map(AttentionReply::of).collect(),
            totals: TotalsReply::of(&Totals::of(overview.queues().map(|queue| &queue.report))),
            queues: overview.queues().map(BriefQueueReply::of).collect(),
            database: overview.database.as_deref().map(DatabaseLookReply::of),
        }
    }
}

impl TotalsReply {
    fn of(totals: &Totals) -> Self {
        Self {
            queues: totals.queues,
            paused_queues: totals.paused_queues,
            due: totals.due,
            delayed: totals.delayed,
            processing: totals.processing,
            dead_letters: totals.dead_letters,
            suspects: totals.suspects,
            oldest_due_age_seconds: rounded(totals.oldest_due_age_seconds, 3),
            rates: RatesReply::of(&totals.last_minute),
            slots: SlotsReply::of(totals.slots),
            engines: EnginesReply::of(totals.engines),
            is_approximate: totals.is_approximate,
        }
    }
}

impl BriefQueueReply {
    fn of(queue: &QueueSnapshot) -> Self {
        let (report, depth) = (&queue.report, &queue.report.depth);
        Self {
            engine_type: report.queue.engine_type.clone(),
            due: depth.due,
            delayed: depth.delayed,
            processing: depth.in_flight,
            dead_letters: depth.dead_letters,
            suspects: depth.suspects,
            oldest_due_age_seconds: rounded(depth.oldest_due_age_seconds, 3),
            next_due_at: depth.next_due_at,
            rates: RatesReply::of(&report.last_minute),
            slots: SlotsReply::of(report.slots()),
            engines: EnginesReply::of(Engines::of(report)),
            pause: report.queue.pause.clone().map(PauseReply::of),
            quarantined_versions: report.queue.quarantines.len(),
            is_approximate: report.is_approximate(),
            due_by_minute: queue.minutes.points().map(|point| point.map(|point| point.due)).collect(),
        }
    }
}
