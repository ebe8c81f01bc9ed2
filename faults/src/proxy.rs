//! A TCP proxy that can be told to hold everything back, to refuse, and to cut connections in the middle of what they
//! carry.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};

use rand::Rng;
use rand::seq::IteratorRandom;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// What a connection leads to.
#[derive(Clone, Debug)]
pub enum Target {
    Tcp(SocketAddr),
    Unix(PathBuf),
    Nowhere,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Flow {
    Open,
    /// Connections stay, and new ones are taken; no byte moves.
    Stalled,
    /// New connections end at once.
    Refused,
}

/// Which way bytes go.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    Requests,
    Replies,
}

const NO_END: u64 = u64::MAX;
const BUFFER_BYTES: usize = 16 << 10;

#[derive(Debug)]
struct Connection {
    cut: CancellationToken,
    /// Bytes that may still pass, of requests and of replies.
    left: [AtomicU64; 2],
}

#[derive(Debug)]
struct State {
    target: Mutex<Target>,
    flow: watch::Sender<Flow>,
    connections: Mutex<HashMap<u64, Arc<Connection>>>,
}

impl State {
    fn connections(&self) -> MutexGuard<'_, HashMap<u64, Arc<Connection>>> {
        self.connections.lock().expect("nothing panics while it holds this lock")
    }
}

#[derive(Clone, Debug)]
pub struct Proxy {
    pub address: SocketAddr,
    state: Arc<State>,
}

impl Proxy {
    pub async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (flow, _) = watch::channel(Flow::Open);
        let state = Arc::new(State { target: Mutex::new(Target::Nowhere), flow, connections: Mutex::default() });
        tokio::spawn(accept(listener, Arc::clone(&state)));
        Ok(Self { address, state })
    }

    pub fn lead_to(&self, target: Target) {
        *self.state.target.lock().expect("nothing panics while it holds this lock") = target;
    }

    pub fn set_flow(&self, flow: Flow) {
        self.state.flow.send_replace(flow);
    }

    /// Ends all connections.
    pub fn cut_all(&self) {
        for connection in self.state.connections().values() {
            connection.cut.cancel();
        }
    }

    /// Lets so many connections, taken at random, carry a few more bytes that way, and then ends them: mostly in the
    /// middle of a request or a reply.
    pub fn cut_soon(&self, count: usize, way: Way, random: &mut impl Rng) {
        let connections = self.state.connections();
        let mut ids: Vec<u64> = connections.keys().copied().collect();
        ids.sort_unstable();
        for id in ids.iter().sample(random, count) {
            let bytes = (1..600).choose(random).unwrap_or(1);
            connections[id].left[way as usize].store(bytes, Ordering::Relaxed);
        }
    }
}

async fn accept(listener: TcpListener, state: Arc<State>) {
    let mut id = 0;
    loop {
        let Ok((client, _)) = listener.accept().await else { continue };
        if *state.flow.borrow() == Flow::Refused {
            continue;
        }
        id += 1;
        let connection = Connection { cut: CancellationToken::new(), left: [NO_END.into(), NO_END.into()] };
        let connection = Arc::new(connection);
        state.connections().insert(id, Arc::clone(&connection));
        let state = Arc::clone(&state);
        tokio::spawn(async move {
            tokio::select! {
                // How it ended is nobody's business: that is what it is for.
                _ = carry(client, &state, &connection) => {}
                () = connection.cut.cancelled() => {}
            }
            state.connections().remove(&id);
        });
    }
}

async fn carry(client: TcpStream, state: &State, connection: &Connection) -> io::Result<()> {
    client.set_nodelay(true)?;
    let (from_client, to_client) = client.into_split();
    let target = state.target.lock().expect("nothing panics while it holds this lock").clone();
    match target {
        Target::Tcp(address) => {
            let server = TcpStream::connect(address).await?;
            server.set_nodelay(true)?;
            let (from_server, to_server) = server.into_split();
            both(from_client, to_server, from_server, to_client, state, connection).await
        }
        Target::Unix(path) => {
            let (from_server, to_server) = UnixStream::connect(path).await?.into_split();
            both(from_client, to_server, from_server, to_client, state, connection).await
        }
        Target::Nowhere => Ok(()),
    }
}

/// Until either side ends: then both do.
async fn both(
    from_client: impl AsyncRead + Unpin,
    to_server: impl AsyncWrite + Unpin,
    from_server: impl AsyncRead + Unpin,
    to_client: impl AsyncWrite + Unpin,
    state: &State,
    connection: &Connection,
) -> io::Result<()> {
    tokio::select! {
        ended = pump(from_client, to_server, state, &connection.left[Way::Requests as usize]) => ended,
        ended = pump(from_server, to_client, state, &connection.left[Way::Replies as usize]) => ended,
    }
}

async fn pump(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    state: &State,
    left: &AtomicU64,
) -> io::Result<()> {
    let mut flow = state.flow.subscribe();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = from.read(&mut buffer).await?;
        // Its sender is in the state, which is borrowed here.
        flow.wait_for(|flow| *flow != Flow::Stalled).await.map_err(io::Error::other)?;
        let may_pass = usize::try_from(left.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        to.write_all(&buffer[..count.min(may_pass)]).await?;
        if count == 0 || count >= may_pass {
            return Ok(());
        }
        if may_pass != usize::MAX {
            left.fetch_sub(count as u64, Ordering::Relaxed);
        }
    }
}
