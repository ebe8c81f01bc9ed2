//! A call whose caller is gone while its transaction begins.

use std::pin::pin;

use eventlease::store::pool::begin;
use futures_util::poll;
use sqlx::{Executor, Row};
use tokio::time::Instant;

use super::OwnRole;
use crate::support::{PATIENCE, pool_of};

/// Else the next call's statements would be a part of that transaction, and be lost with it after they were acknowledged.
#[tokio::test]
async fn a_transaction_whose_beginning_is_interrupted_is_not_the_next_calls() {
    let own = OwnRole::create().await;
    let pool = pool_of(&own.url);
    let (mut interrupted, started) = (0, Instant::now());
    for (round, polls) in (1..6).cycle().enumerate() {
        // On a busy machine PostgreSQL may have answered before the first poll has ended.
        if round >= 50 && interrupted > 0 {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "no beginning was interrupted");
        // Both connections are open, so that a beginning needs no more than PostgreSQL's reply.
        drop((pool.acquire().await.expect("a connection"), pool.acquire().await.expect("another")));
        while pool.count_idle() < 2 {
            tokio::task::yield_now().await;
        }
        {
            let mut beginning = pin!(begin(&pool));
            for _ in 0..polls {
                if poll!(beginning.as_mut()).is_ready() {
                    interrupted -= 1;
                    break;
                }
            }
            interrupted += 1;
        }
        let (one, other) = (pool.acquire().await.expect("a connection"), pool.acquire().await.expect("another"));
        for mut connection in [one, other] {
            // Of one message, so that it is all of its transaction, if it has one of its own.
            let row =
                connection.fetch_one(sqlx::raw_sql("select now() = statement_timestamp()")).await.expect("an answer");
            assert!(row.get::<bool, _>(0), "after {polls} polls");
        }
    }
    pool.close().await;
    own.remove().await;
}
