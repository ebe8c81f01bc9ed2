//! Those who enqueue: each on a connection of its own, the next request when the last one was answered.

use std::sync::Arc;
use std::time::Instant;

use anyhow::Result;

use crate::api::{self, EnqueuedMany};
use crate::client::{Connection, is_turned_away};
use crate::ledger::Ledger;

/// One event a request, to the queues in turn from the one at `first` on, until the ledger says stop.
pub async fn one_by_one(
    mut connection: Connection,
    queues: Arc<[String]>,
    first: usize,
    ledger: Arc<Ledger>,
) -> Result<()> {
    let requests: Vec<Vec<u8>> = queues.iter().map(|queue| api::enqueue(queue)).collect();
    for request in requests.iter().cycle().skip(first) {
        if !ledger.wait_for_room(1).await {
            break;
        }
        let since = Instant::now();
        while is_turned_away(&connection.call(request).await?, 201)? {
            ledger.note_turned_away().await;
        }
        ledger.note_enqueued(1, since);
    }
    Ok(())
}

/// `size` events a request.
pub async fn in_batches(mut connection: Connection, queue: String, size: u32, ledger: Arc<Ledger>) -> Result<()> {
    let request = api::enqueue_batch(&queue, size as usize);
    while ledger.wait_for_room(size).await {
        enqueue_batch(&mut connection, &request, &ledger).await?;
    }
    Ok(())
}

/// As many as that, and no more.
pub async fn some_batches(
    mut connection: Connection,
    queue: String,
    size: u32,
    batches: u64,
    ledger: Arc<Ledger>,
) -> Result<()> {
    let request = api::enqueue_batch(&queue, size as usize);
    for _ in 0..batches {
        enqueue_batch(&mut connection, &request, &ledger).await?;
    }
    Ok(())
}

async fn enqueue_batch(connection: &mut Connection, request: &[u8], ledger: &Ledger) -> Result<()> {
    let since = Instant::now();
    loop {
        let reply = connection.call(request).await?;
        if !is_turned_away(&reply, 201)? {
            ledger.note_enqueued(api::read::<EnqueuedMany>(reply.body)?.accepted, since);
            return Ok(());
        }
        ledger.note_turned_away().await;
    }
}
