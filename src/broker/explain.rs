//! Why an event is not worked on, and why a queue grows: a few cheap look-ups, and how deep a long queue is from the snapshot in memory.

use chrono::{DateTime, TimeDelta, Utc};

use super::state::Broker;
use crate::domain::attempt::Attempt;
use crate::domain::database_health::warnings::Warning;
use crate::domain::engine::Standing;
use crate::domain::event::{Event, Status, TOO_OLD_ERROR};
use crate::domain::explain::Explanation;
use crate::domain::explain::asked::Asked;
use crate::domain::explain::ended::{Cancellation, explain_ended};
use crate::domain::explain::event::{Facts as EventFacts, explain_queued};
use crate::domain::explain::held::explain_held;
use crate::domain::explain::queue::{Facts as QueueFacts, explain as explain_queue, is_failing};
use crate::domain::history::HistoryMinute;
use crate::domain::ids::EventId;
use crate::domain::limits::MAX_EXACT_DEPTH;
use crate::domain::names::EngineType;
use crate::domain::queue_activity::RecentDurations;
use crate::domain::snapshot::{Minutes, QueueSnapshot};
use crate::error::{Error, Result};
use crate::store::{self, PgConnection};

/// A queue, and when its waiting events were counted; all else of it is as it is now.
struct KnownQueue {
    queue: QueueSnapshot,
    measured_at: DateTime<Utc>,
    durations: RecentDurations,
}

/// Failures are counted over that time.
const FAILING_SECONDS: u32 = 300;

/// How old the snapshot may be from which the depth of a long queue is taken.
const RECENT_SECONDS: i64 = 15;
/// Leases of a queue that are read, those that have lasted longest.
const MOST_LEASES: i32 = 1000;

/// An event that is leased or given back while it is read is read again, but no more often than that.
const MOST_READS: u32 = 5;

impl Broker {
    /// Explains one event; with what is known of the database, if the caller may know it.
    pub async fn explain_event(&self, event_id: EventId, may_know_database: bool) -> Result<Explanation> {
        let mut connection = self.reading_connection().await?;
        for _ in 0..MOST_READS {
            let now = store::clock::now(&mut connection).await?;
            let event = store::events::read(&mut connection, event_id, false).await?;
            let event = event.ok_or(Error::EventNotFound(event_id))?;
            match event.status {
                Status::Completed | Status::Failed | Status::Cancelled => {
                    let cancellation = cancellation(&mut connection, &event).await?;
                    return Ok(explain_ended(&event, cancellation, now));
                }
                Status::Processing => {
                    let holder = match event.leased_by {
                        Some(engine_id) => store::engines::read(&mut connection, engine_id).await?,
                        None => None,
                    };
                    return Ok(explain_held(&event, holder.as_ref(), now));
                }
                Status::Queued => {}
            }
            let place = store::events::place::read(&mut connection, event_id, MAX_EXACT_DEPTH + 1).await?;
            let Some(place) = place else { continue };
            let engine_type = EngineType::parse(&event.engine_type).map_err(|_| Error::EventNotFound(event_id))?;
            let KnownQueue { queue, measured_at, durations } =
                self.known_queue(&mut connection, &engine_type, now).await?;
            let leases = store::leases::queue_leases(&mut connection, engine_type.as_str(), MOST_LEASES).await?;
            let last_attempt = last_attempt(&mut connection, &event).await?;
            let last_seen_at = last_seen(&mut connection, &queue, now).await?;
            let asked = asked(&mut connection, &queue).await?;
            let warnings = self.known_warnings(may_know_database);
            return Ok(explain_queued(&EventFacts {
                now,
                event: &event,
                place,
                queue: &queue,
                measured_at,
                durations: &durations,
                last_attempt: last_attempt.as_ref(),
                leases: &leases,
                asked: asked.as_ref(),
                last_seen_at,
                warnings: &warnings,
            }));
        }
        Err(Error::Overloaded)
    }

    /// Explains one queue; with what is known of the database, if the caller may know it.
    pub async fn explain_queue(&self, engine_type: &EngineType, may_know_database: bool) -> Result<Explanation> {
        let mut connection = self.reading_connection().await?;
        let now = store::clock::now(&mut connection).await?;
        let KnownQueue { queue, measured_at, durations } = self.known_queue(&mut connection, engine_type, now).await?;
        let warnings = self.known_warnings(may_know_database);
        let day = now - TimeDelta::days(1);
        let minutes = store::queues::history::read(&mut connection, Some(engine_type.as_str()), day, now).await?;
        let main_cause = if is_failing(&queue) {
            store::dead_letters::groups::main_cause(&mut connection, engine_type.as_str(), FAILING_SECONDS).await?
        } else {
            None
        };
        let last_seen_at = last_seen(&mut connection, &queue, now).await?;
        let asked = asked(&mut connection, &queue).await?;
        let facts = QueueFacts {
            now,
            queue: &queue,
            measured_at,
            durations: &durations,
            usual_attempt_seconds: usual_seconds(&minutes),
            main_cause: main_cause.as_ref(),
            asked: asked.as_ref(),
            last_seen_at,
            warnings: &warnings,
        };
        Ok(explain_queue(&facts))
    }

    /// A queue as it is now, but for what a long one's waiting events are: these are not counted where a recent snapshot says how many
    /// they are.
    async fn known_queue(
        &self,
        connection: &mut PgConnection,
        engine_type: &EngineType,
        now: DateTime<Utc>,
    ) -> Result<KnownQueue> {
        let name = engine_type.as_str();
        let names = [name.to_owned()];
        let snapshot = self.snapshot().filter(|snapshot| is_recent(snapshot.as_of, now));
        let counted = snapshot.as_ref().and_then(|snapshot| {
            let queue = snapshot.long_queue(name)?;
            Some((snapshot.depth_of(queue, now), queue.counted_at))
        });
        let (depth, measured_at) = counted.map_or((None, now), |(depth, counted_at)| (Some(depth), counted_at));
        let (report, durations) = super::queues::report_one(connection, engine_type, depth).await?;
        let zombies = super::measure::zombies_by_type(store::engines::zombies::list(connection, Some(&names)).await?);
        let queue = QueueSnapshot {
            report,
            counted_at: measured_at,
            five_minutes: store::queues::activity::of_five_minutes(connection, name).await?,
            new_dead_letters: None,
            poison: None,
            zombies: zombies.into_values().next(),
            minutes: Minutes::default(),
        };
        Ok(KnownQueue { queue, measured_at, durations })
    }

    /// What is wrong with the database, as it was last examined.
    fn known_warnings(&self, may_know: bool) -> Vec<Warning> {
        let look = self.snapshots.known().and_then(|known| known.database).filter(|_| may_know);
        look.map(|look| look.warnings.clone()).unwrap_or_default()
    }
}

/// A snapshot that is older than three rounds of measuring is not relied on.
fn is_recent(as_of: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    now - as_of <= TimeDelta::seconds(RECENT_SECONDS)
}

/// What cancelled an event; of one that ended otherwise, nothing is known.
async fn cancellation(connection: &mut PgConnection, event: &Event) -> Result<Cancellation> {
    if event.status != Status::Cancelled {
        return Ok(Cancellation::Unknown);
    }
    // Its end is an attempt too. No engine had that, so only the service says why.
    let end = last_attempt(connection, event).await?;
    if end.is_some_and(|end| end.leased_at.is_none() && end.error_type.as_deref() == Some(TOO_OLD_ERROR)) {
        return Ok(Cancellation::TooOld);
    }
    Ok(store::audit::cancellation(connection, event).await?)
}

/// The latest attempt of an event among those that have ended.
async fn last_attempt(connection: &mut PgConnection, event: &Event) -> Result<Option<Attempt>> {
    let page = store::events::attempts::list(connection, event.event_id, None, 1, true).await?;
    Ok(page.items.into_iter().next())
}

/// When an engine of a queue was last seen, where none is active.
async fn last_seen(
    connection: &mut PgConnection,
    queue: &QueueSnapshot,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>> {
    if queue.report.engines_with(Standing::Active) > 0 {
        return Ok(None);
    }
    let day = now - TimeDelta::days(1);
    Ok(store::engines::last_seen(connection, &queue.report.queue.engine_type, day).await?)
}

/// When the engines of a queue last asked for work, where none of its due events is worked on.
async fn asked(connection: &mut PgConnection, queue: &QueueSnapshot) -> Result<Option<Asked>> {
    if !queue.report.stands() || queue.report.engines_with(Standing::Active) == 0 {
        return Ok(None);
    }
    Ok(Some(store::engines::asked(connection, &queue.report.queue.engine_type).await?))
}

/// In the middle of the minutes: how long half of their attempts took.
fn usual_seconds(minutes: &[HistoryMinute]) -> Option<f64> {
    let mut seconds: Vec<f64> = minutes.iter().filter_map(|minute| minute.seconds.attempt_p50).map(f64::from).collect();
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_relied_on_for_fifteen_seconds() {
        let as_of = DateTime::UNIX_EPOCH;
        assert!(is_recent(as_of, as_of + TimeDelta::seconds(15)));
        assert!(!is_recent(as_of, as_of + TimeDelta::milliseconds(15_001)));
    }
}
