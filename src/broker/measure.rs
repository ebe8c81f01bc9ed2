//! How all queues stand: the snapshot in memory, the gauges that are read from the database, and what this replica knows of
//! itself.

mod recount;

use std::collections::HashMap;
use std::time::Instant;

use chrono::{DateTime, TimeDelta, Utc};

use super::recent_activity::RecentActivity;
use super::snapshots::{by_type, minutes_up_to};
use super::state::Broker;
use crate::domain::database_health::MAX_DAYS_AHEAD_TOLD;
use crate::domain::engine::{Standing, TypeSummary};
use crate::domain::limits::MAX_EXACT_DEPTH;
use crate::domain::numbers::{to_f64, to_i64};
use crate::domain::queue::Depth;
use crate::domain::queue_activity::{ActivityCounts, LastMinute};
use crate::domain::queue_report::QueueReport;
use crate::domain::snapshot::{QueueSnapshot, Snapshot, Zombies};
use crate::domain::zombie::Candidate;
use crate::error::Result;
use crate::metrics::Metrics;
use crate::store::queues::history::RecentHistory;
use crate::store::{self, PgConnection};
use recount::LongQueue;

const SECONDS_OF_A_DAY: f64 = 86_400.0;

impl Broker {
    /// Measures all queues: keeps the snapshot in memory, and sets the gauges that are read from the database.
    pub async fn measure(&self) -> Result<usize> {
        let began = Instant::now();
        let metrics = &*self.metrics;
        metrics.drop_removed_queues();
        let mut connection = self.connection().await?;
        let event_types = store::queues::room::count_event_types(&mut connection).await?;
        let partitions = store::partitions::days_ahead(&mut connection, MAX_DAYS_AHEAD_TOLD).await?;
        let oldest_snapshot = store::health::oldest_snapshot_age(&mut connection).await?;
        let before = self.snapshots.latest();
        let (snapshot, activity) =
            read_snapshot(&mut connection, before.as_deref(), &self.snapshots.activity()).await?;
        drop(connection);

        // First, so that a scrape in between cannot take a part of them for old, and drop it.
        self.freshness.note(began, Instant::now());
        metrics.event_types.set(&[], to_f64(event_types));
        metrics.queues.set(&[], to_f64(to_i64(snapshot.queues.len())));
        let ahead = partitions.iter().map(|partitions| partitions.days_ahead).min().unwrap_or(0);
        metrics.partitions_ahead_seconds.set(&[], f64::from(ahead) * SECONDS_OF_A_DAY);
        match oldest_snapshot {
            Some(age) => metrics.oldest_snapshot_age.set(&[], age),
            None => metrics.oldest_snapshot_age.reset(),
        }
        let by_label = by_label(metrics, snapshot.queues.values().map(|queue| &queue.report.depth));
        for (label, depth) in &by_label {
            show_depth(metrics, label, depth);
        }
        let engines = snapshot.queues.values().flat_map(|queue| &queue.report.engines);
        for ((label, status), count) in engines_by_label(metrics, by_label.keys().copied(), engines) {
            metrics.engines.set(&[label, status], to_f64(count));
        }
        let mut zombies_by_label: HashMap<&str, i64> = by_label.keys().map(|label| (*label, 0)).collect();
        for (name, queue) in &snapshot.queues {
            let zombies = queue.zombies.map_or(0, |zombies| zombies.count);
            zombies_by_label.entry(metrics.queue(name)).and_modify(|count| *count += zombies);
        }
        for (label, count) in zombies_by_label {
            metrics.zombies.set(&[label], to_f64(count));
        }
        metrics.keep_readings_of(&|label| by_label.contains_key(label));
        let queues = snapshot.queues.len();
        drop(by_label);
        self.snapshots.note(snapshot, activity);
        Ok(queues)
    }

    /// What Prometheus scrapes. What was read from the database is left out while this replica cannot write to it, and
    /// once it is too old.
    pub fn render_metrics(&self) -> String {
        let metrics = &*self.metrics;
        let is_ready = self.is_ready();
        metrics.database_up.set(is_ready.into());
        if !is_ready || self.freshness.is_over(Instant::now()) {
            metrics.forget_readings();
        }
        for (name, pool) in self.named_pools() {
            let of_pool = store::health::pool_use(pool);
            metrics.pool_connections.with_label_values(&[name]).set(of_pool.size.into());
            metrics.pool_idle_connections.with_label_values(&[name]).set(of_pool.idle.into());
            metrics.pool_max_connections.with_label_values(&[name]).set(of_pool.max.into());
        }
        metrics.render()
    }
}

/// Measures all queues. `before` is the snapshot before, for what is known of the last minutes, and `activity` what was read then.
async fn read_snapshot(
    connection: &mut PgConnection,
    before: Option<&Snapshot>,
    activity: &RecentActivity,
) -> Result<(Snapshot, RecentActivity)> {
    let as_of = store::clock::now(connection).await?;
    let queues = store::queues::list(connection, None, None, i32::MAX.cast_unsigned(), None).await?;
    let names: Vec<String> = queues.iter().map(|queue| queue.engine_type.clone()).collect();
    let activity = activity.read(connection, as_of).await?;
    let mut lately = activity.summed(as_of);
    let mut depths = read_depths(connection, &names, before, &lately, as_of).await?;
    let mut engines = by_type(store::engines::summarize(connection, &names).await?);
    let mut new_dead_letters = store::queues::attention::new_dead_letters(connection).await?;
    let suspected: Vec<&str> =
        depths.iter().filter(|(_, (depth, _))| depth.suspects > 0).map(|(name, _)| name.as_str()).collect();
    let mut poison = store::queues::attention::poison(connection, &suspected).await?;
    let mut zombies = zombies_by_type(store::engines::zombies::list(connection, None).await?);
    let history = match before {
        Some(_) => RecentHistory::default(),
        None => store::queues::history::recent(connection, as_of - TimeDelta::minutes(25)).await?,
    };
    let measured = queues.into_iter().filter_map(|queue| {
        let name = queue.engine_type.clone();
        // Else it came or went meanwhile.
        let (mut depth, counted_at) = depths.remove(&name)?;
        depth.is_paused = queue.pause.is_some();
        let (five_minutes, last_minute) = lately.remove(&name).unwrap_or_default();
        let known = before.and_then(|before| Some((&before.queues.get(&name)?.minutes, before.as_of)));
        let queue = QueueSnapshot {
            minutes: minutes_up_to(known, &history, &depth, as_of),
            new_dead_letters: new_dead_letters.remove(&name),
            poison: poison.remove(&name),
            zombies: zombies.remove(&name),
            five_minutes,
            counted_at,
            report: QueueReport { queue, depth, engines: engines.remove(&name).unwrap_or_default(), last_minute },
        };
        Some((name, queue))
    });
    Ok((Snapshot { as_of, number: 0, queues: measured.collect() }, activity))
}

/// How deep the queues are, and when that was counted. Where long queues are many and deep, some keep the counts of a round before;
/// what engines hold of them is counted in each.
async fn read_depths(
    connection: &mut PgConnection,
    names: &[String],
    before: Option<&Snapshot>,
    lately: &HashMap<String, (ActivityCounts, LastMinute)>,
    as_of: DateTime<Utc>,
) -> Result<HashMap<String, (Depth, DateTime<Utc>)>> {
    let known = before.iter().flat_map(|before| &before.queues).filter(|(_, known)| known.report.depth.is_long());
    let counted_before = known.map(|(name, known)| {
        let depth = &known.report.depth;
        let is_active = lately.get(name).is_some_and(|(_, minute)| minute.seconds > 0.0)
            || depth.next_due_at.is_some_and(|due_at| due_at <= as_of);
        LongQueue { engine_type: name, depth, counted_at: known.counted_at, is_active }
    });
    let kept = recount::kept(counted_before.collect());
    let anew: Vec<String> = names.iter().filter(|name| !kept.contains(name.as_str())).cloned().collect();
    let mut counted = store::queues::depth::of_queues(connection, &anew, MAX_EXACT_DEPTH + 1).await?;
    store::queues::depth::estimate_beyond_bound(connection, &mut counted).await?;
    let mut depths: HashMap<String, (Depth, DateTime<Utc>)> =
        counted.into_iter().map(|depth| (depth.engine_type.clone(), (depth, as_of))).collect();
    let Some(before) = before.filter(|_| !kept.is_empty()) else { return Ok(depths) };
    let in_flight = store::queues::depth::in_flight(connection).await?;
    for (name, known) in kept.into_iter().filter_map(|name| before.queues.get_key_value(name)) {
        let in_flight = in_flight.get(name).copied().unwrap_or(0);
        let depth = Depth { in_flight, ..before.depth_of(known, as_of) };
        depths.insert(name.clone(), (depth, known.counted_at));
    }
    Ok(depths)
}

/// The zombies of each queue, counted.
pub(super) fn zombies_by_type(found: Vec<Candidate>) -> HashMap<String, Zombies> {
    let mut by_type: HashMap<String, Zombies> = HashMap::new();
    for Candidate { engine_id, engine_type, engine, max_concurrent_events, .. } in found {
        let none = Zombies { count: 0, most_silent: engine_id, silent_since: engine.asked_at, slots: 0, unlimited: 0 };
        let zombies = by_type.entry(engine_type).or_insert(none);
        zombies.count += 1;
        zombies.slots += i64::from(max_concurrent_events.unwrap_or(0));
        zombies.unlimited += i64::from(max_concurrent_events.is_none());
        if engine.asked_at < zombies.silent_since {
            (zombies.most_silent, zombies.silent_since) = (engine_id, engine.asked_at);
        }
    }
    by_type
}

fn show_depth(metrics: &Metrics, label: &str, depth: &Depth) {
    let label = [label];
    metrics.queue_due.set(&label, to_f64(depth.due));
    metrics.queue_delayed.set(&label, to_f64(depth.delayed));
    metrics.queue_in_flight.set(&label, to_f64(depth.in_flight));
    metrics.queue_dead_letters.set(&label, to_f64(depth.dead_letters));
    metrics.queue_oldest_due_age.set(&label, depth.oldest_due_age_seconds);
    metrics.queue_paused.set(&label, if depth.is_paused { 1.0 } else { 0.0 });
}

/// The depth for each label: those of queues that share a label are added up.
fn by_label<'a>(metrics: &Metrics, depths: impl Iterator<Item = &'a Depth>) -> HashMap<&'a str, Depth> {
    let mut sums: HashMap<&str, Depth> = HashMap::new();
    for depth in depths {
        let label = metrics.queue(&depth.engine_type);
        let Some(sum) = sums.get_mut(label) else {
            sums.insert(label, depth.clone());
            continue;
        };
        sum.due += depth.due;
        sum.delayed += depth.delayed;
        sum.in_flight += depth.in_flight;
        sum.dead_letters += depth.dead_letters;
        sum.oldest_due_age_seconds = sum.oldest_due_age_seconds.max(depth.oldest_due_age_seconds);
        sum.is_paused |= depth.is_paused;
    }
    sums
}

/// The engines of each label and standing, zero where there are none.
fn engines_by_label<'a>(
    metrics: &Metrics,
    labels: impl Iterator<Item = &'a str>,
    engines: impl Iterator<Item = &'a TypeSummary>,
) -> HashMap<(&'a str, &'static str), i64> {
    let standings = Standing::ALL.map(Standing::as_str);
    let mut counts: HashMap<(&str, &str), i64> =
        labels.flat_map(|label| standings.map(move |standing| ((label, standing), 0))).collect();
    for counted in engines {
        // Else its queue has come since the depths were read.
        if let Some(count) = counts.get_mut(&(metrics.queue(&counted.engine_type), counted.standing.as_str())) {
            *count += counted.engines;
        }
    }
    counts
}
