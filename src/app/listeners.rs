//! The sockets that connections come in by: one for each address that the server listens on.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::net::{TcpListener, TcpStream};

use super::error::Error;
use crate::config::ListenAddress;

/// A free port of one address may be taken at another: then the next one is tried.
const TRIES_FOR_A_FREE_PORT: u32 = 10;

/// The listening sockets, which are asked in turn for new connections.
pub struct Listeners {
    listeners: Vec<TcpListener>,
    /// The listener that is asked first the next time, so that a busy one does not starve the others.
    next: AtomicUsize,
}

impl Listeners {
    /// Listens on all addresses, and answers the first one with its port. An address that this machine does not have, as
    /// `::1` without IPv6, is left out unless it is the only one.
    pub async fn bind(listen: &ListenAddress) -> Result<(Self, SocketAddr), Error> {
        let mut tries = 0;
        loop {
            tries += 1;
            match bind_all(listen.addresses()).await {
                Err((address, error))
                    if address.port() == 0 && error.kind() == ErrorKind::AddrInUse && tries < TRIES_FOR_A_FREE_PORT => {
                }
                Err((address, source)) => return Err(Error::Listen { address, source }),
                Ok((listeners, address)) => return Ok((Self { listeners, next: AtomicUsize::new(0) }, address)),
            }
        }
    }

    /// The next connection of any of them.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let count = self.listeners.len();
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        poll_fn(|context| {
            for offset in 0..count {
                let listener = &self.listeners[first.wrapping_add(offset) % count];
                if let Poll::Ready(accepted) = listener.poll_accept(context) {
                    return Poll::Ready(accepted);
                }
            }
            Poll::Pending
        })
        .await
    }
}

type Bound = (Vec<TcpListener>, SocketAddr);

/// All on one port, also where a free one is picked.
async fn bind_all(addresses: &[SocketAddr]) -> Result<Bound, (SocketAddr, io::Error)> {
    let mut listeners = Vec::new();
    let mut bound: Option<SocketAddr> = None;
    let mut missing = None;
    for &wanted in addresses {
        let address = match bound {
            Some(first) if wanted.port() == 0 => SocketAddr::new(wanted.ip(), first.port()),
            Some(_) | None => wanted,
        };
        let listening = match TcpListener::bind(address).await {
            Ok(listener) => listener.local_addr().map(|address| (listener, address)),
            Err(error) => Err(error),
        };
        match listening {
            Ok((listener, address)) => {
                listeners.push(listener);
                bound.get_or_insert(address);
            }
            Err(error) if is_not_of_this_machine(&error) => {
                tracing::debug!(%address, %error, "this address is not listened on");
                missing = Some((wanted, error));
            }
            Err(error) => return Err((wanted, error)),
        }
    }
    match (bound, missing) {
        (Some(address), _) => Ok((listeners, address)),
        (None, Some(failure)) => Err(failure),
        (None, None) => unreachable!("a listen address is never without an address"),
    }
}

fn is_not_of_this_machine(error: &io::Error) -> bool {
    error.kind() == ErrorKind::AddrNotAvailable || error.raw_os_error() == Some(nix::libc::EAFNOSUPPORT)
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    fn loopback(last: u8) -> SocketAddr {
        SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0))
    }

    #[tokio::test]
    async fn connections_come_in_by_every_address_on_one_port() {
        // The last one is of no machine, but for documentation.
        let elsewhere = SocketAddr::from(([192, 0, 2, 1], 0));
        let (listeners, first) = bind_all(&[loopback(1), loopback(2), elsewhere]).await.expect("two of them");
        let listeners = Listeners { listeners, next: AtomicUsize::new(0) };
        assert_eq!(first.ip(), loopback(1).ip());
        for _ in 0..2 {
            for last in [1, 2] {
                let address = SocketAddr::new(loopback(last).ip(), first.port());
                let (connected, accepted) = tokio::join!(TcpStream::connect(address), listeners.accept());
                let own = accepted.expect("a connection").0.local_addr().expect("an address");
                assert_eq!((own, connected.expect("connected").peer_addr().expect("an address")), (address, address));
            }
        }
        let (_, error) = bind_all(&[elsewhere]).await.expect_err("there is no other");
        assert_eq!(error.kind(), ErrorKind::AddrNotAvailable);
        let taken = SocketAddr::new(first.ip(), first.port());
        let (address, error) = bind_all(&[taken]).await.expect_err("it is in use");
        assert_eq!((address, error.kind()), (taken, ErrorKind::AddrInUse));
    }
}
