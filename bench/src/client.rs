//! One HTTP/1.1 connection, kept alive, one request at a time. It knows no more of HTTP than the service's replies
//! need: the load generator's own processor time is taken from what it measures.

use std::net::SocketAddr;

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAX_HEADERS: usize = 24;
const FIRST_BUFFER_BYTES: usize = 8 << 10;
const LEAST_ROOM_BYTES: usize = 4 << 10;

pub struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

pub struct Reply<'a> {
    pub status: u16,
    pub body: &'a [u8],
}

impl Reply<'_> {
    /// An error that says what came instead of `expected`.
    pub fn expect(&self, expected: &[u16]) -> Result<()> {
        if expected.contains(&self.status) {
            return Ok(());
        }
        bail!("the server answered {}: {}", self.status, String::from_utf8_lossy(self.body))
    }
}

impl Connection {
    pub async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, received: Vec::with_capacity(FIRST_BUFFER_BYTES) })
    }

    /// Sends a whole request in one write, and reads its reply.
    pub async fn call(&mut self, request: &[u8]) -> Result<Reply<'_>> {
        self.stream.write_all(request).await?;
        self.received.clear();
        let (status, start, end) = loop {
            self.read_more().await?;
            if let Some((status, head_bytes, body_bytes)) = read_head(&self.received)? {
                break (status, head_bytes, head_bytes + body_bytes);
            }
        };
        self.received.reserve(end.saturating_sub(self.received.len()));
        while self.received.len() < end {
            self.read_more().await?;
        }
        Ok(Reply { status, body: &self.received[start..end] })
    }

    async fn read_more(&mut self) -> Result<()> {
        if self.received.capacity() - self.received.len() < LEAST_ROOM_BYTES {
            self.received.reserve(self.received.capacity());
        }
        if self.stream.read_buf(&mut self.received).await? == 0 {
            bail!("the server closed the connection");
        }
        Ok(())
    }
}

/// Status, bytes of the head, bytes of the body; nothing while the head is incomplete.
fn read_head(received: &[u8]) -> Result<Option<(u16, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut headers);
    let httparse::Status::Complete(head_bytes) = response.parse(received)? else {
        return Ok(None);
    };
    let status = response.code.unwrap_or_default();
    let length = response.headers.iter().find(|header| header.name.eq_ignore_ascii_case("content-length"));
    let body_bytes = match length {
        Some(length) => std::str::from_utf8(length.value)?.parse()?,
        None if status == 204 => 0,
        None => bail!("a reply without Content-Length"),
    };
    Ok(Some((status, head_bytes, body_bytes)))
}

/// True when the call is to be made again.
pub fn is_turned_away(reply: &Reply<'_>, expected: u16) -> Result<bool> {
    match reply.status {
        status if status == expected => Ok(false),
        429 | 503 => Ok(true),
        status => bail!("the server answered {status}: {}", String::from_utf8_lossy(reply.body)),
    }
}
