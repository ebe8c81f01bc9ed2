//! What happened in the queues lately: written by each replica, read as one.

use sqlx::PgConnection;
use uuid::Uuid;

use super::{Pool, Result};

/// Upper bounds of the durations' buckets, in seconds; one more holds what is above.
pub const DURATION_BOUNDS: [f64; 12] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0];
pub const BUCKETS: usize = DURATION_BOUNDS.len() + 1;

/// How far back readers look.
pub const WINDOW_SECONDS: u32 = 60;

/// Counts of one queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    pub enqueued: i64,
    pub completed: i64,
    pub failed: i64,
    pub lost: i64,
    pub durations: [i64; BUCKETS],
}

/// Adds what one replica counted.
pub async fn add(pool: &Pool, replica_id: Uuid, counted: &[(String, Counts)]) -> Result<()> {
    let of = |field: fn(&Counts) -> i64| counted.iter().map(|(_, counts)| field(counts)).collect::<Vec<i64>>();
    let durations: Vec<i64> = counted.iter().flat_map(|(_, counts)| counts.durations).collect();
    sqlx::query(include_str!("sql/add_activity.sql"))
        .bind(counted.iter().map(|(engine_type, _)| engine_type.as_str()).collect::<Vec<_>>())
        .bind(replica_id)
        .bind(of(|counts| counts.enqueued))
        .bind(of(|counts| counts.completed))
        .bind(of(|counts| counts.failed))
        .bind(of(|counts| counts.lost))
        .bind(durations)
        .bind(i32::try_from(BUCKETS).expect("a handful"))
        .execute(&mut *pool.acquire().await?)
        .await?;
    Ok(())
}

/// Forgets what nobody looks at any more.
pub async fn forget_old(pool: &Pool) -> Result<()> {
    sqlx::query("delete from eventlease.queue_activity where period_at < statement_timestamp() - interval '5 minutes'")
        .execute(&mut *pool.acquire().await?)
        .await?;
    Ok(())
}

/// The last minute of a queue, all replicas together.
pub async fn of_last_minute(connection: &mut PgConnection, engine_type: &str) -> Result<Counts> {
    let rows: Vec<(i64, i64, i64, i64, Vec<i64>)> = sqlx::query_as(
        "select enqueued, completed, failed, lost, durations from eventlease.queue_activity
         where engine_type = $1 and period_at > statement_timestamp() - make_interval(secs => $2)",
    )
    .bind(engine_type)
    .bind(f64::from(WINDOW_SECONDS))
    .fetch_all(connection)
    .await?;
    let mut sum = Counts::default();
    for (enqueued, completed, failed, lost, durations) in rows {
        sum.enqueued += enqueued;
        sum.completed += completed;
        sum.failed += failed;
        sum.lost += lost;
        for (total, count) in sum.durations.iter_mut().zip(durations) {
            *total += count;
        }
    }
    Ok(sum)
}

impl Counts {
    /// The duration below which that share of the attempts took, in seconds: the bound of its
    /// bucket. `None` where there were none.
    #[must_use]
    pub fn quantile(&self, share: f64) -> Option<f64> {
        let total: i64 = self.durations.iter().sum();
        if total == 0 {
            return None;
        }
        #[expect(clippy::cast_precision_loss, reason = "counts of a minute are far below 2^52")]
        let wanted = share * total as f64;
        let mut seen = 0;
        for (count, bound) in self.durations.iter().zip(DURATION_BOUNDS) {
            seen += count;
            #[expect(clippy::cast_precision_loss, reason = "counts of a minute are far below 2^52")]
            if seen as f64 >= wanted {
                return Some(bound);
            }
        }
        DURATION_BOUNDS.last().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantile_is_the_bound_of_its_bucket() {
        let mut counts = Counts::default();
        assert_eq!(counts.quantile(0.5), None);
        counts.durations[0] = 60;
        counts.durations[4] = 39;
        counts.durations[12] = 1;
        assert_eq!(counts.quantile(0.5), Some(0.05));
        assert_eq!(counts.quantile(0.99), Some(1.0));
        assert_eq!(counts.quantile(1.0), Some(3600.0));
    }
}
