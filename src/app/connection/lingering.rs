//! Closes a connection whose client may still be sending. The reply is out and our side is shut down; what still comes is
//! read and thrown away, so that the system does not reset the connection before the client has read the reply.

use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

/// How long it is read for in all.
const MAX_TIME: Duration = Duration::from_secs(30);
/// How long the next bytes are waited for.
const MAX_SILENCE: Duration = Duration::from_secs(2);
/// A stopping server waits no longer than this.
const MAX_TIME_OF_STOP: Duration = Duration::from_secs(1);
/// How much is read in all.
const MAX_BYTES: usize = 64 << 20;
const PIECE_BYTES: usize = 16 << 10;

/// Returns when the client has closed its side, was silent or sent for too long, or when `leave` is cancelled because its place is
/// needed for another connection.
pub async fn linger(mut stream: TcpStream, stop: &CancellationToken, leave: &CancellationToken) {
    let stopped = async {
        stop.cancelled().await;
        sleep(MAX_TIME_OF_STOP).await;
    };
    tokio::select! {
        outcome = timeout(MAX_TIME, discard(&mut stream)) => drop(outcome),
        () = stopped => {}
        () = leave.cancelled() => {}
    }
}

async fn discard(stream: &mut TcpStream) {
    let mut piece = vec![0; PIECE_BYTES];
    let mut size = 0;
    while size < MAX_BYTES {
        match timeout(MAX_SILENCE, stream.read(&mut piece)).await {
            Ok(Ok(count @ 1..)) => size += count,
            Ok(Ok(0) | Err(_)) | Err(_) => return,
        }
    }
}
