//! Accepts connections: a thread for each, not too many, each with a deadline.

use crate::{Failure, say};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

/// How many connections are served at a time; more are closed at once.
const MAX_CONNECTIONS: usize = 256;

/// A server that runs in threads of its own.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    ended: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens and serves each connection by `serve`.
    ///
    /// # Errors
    /// When the address can't be had.
    pub fn start(
        role: &str,
        address: SocketAddr,
        serve: impl Fn(Timed) -> io::Result<()> + Send + Sync + 'static,
    ) -> Result<Self, Failure> {
        let listener = TcpListener::bind(address).map_err(|error| {
            Failure::Io("cannot listen", io::Error::new(error.kind(), format!("{address}: {error}")))
        })?;
        let address = listener.local_addr().map_err(|error| Failure::Io("cannot listen", error))?;
        let ended = Arc::new(AtomicBool::new(false));
        say(&format!("{role} listens on {address}"));
        let accepting = {
            let (ended, serve) = (Arc::clone(&ended), Arc::new(serve));
            thread::spawn(move || accept(&listener, &ended, &serve))
        };
        Ok(Self { address, ended, accepting: Some(accepting) })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits for as long as it serves.
    pub fn wait(mut self) {
        self.join();
    }

    /// Stops listening.
    pub fn stop(mut self) {
        self.ended.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        drop(TcpStream::connect_timeout(&self.address, Duration::from_secs(1)));
        self.join();
    }

    fn join(&mut self) {
        if let Some(thread) = self.accepting.take()
            && thread.join().is_err()
        {
            say("the accepting thread failed");
        }
    }
}

fn accept<F>(listener: &TcpListener, ended: &AtomicBool, serve: &Arc<F>)
where
    F: Fn(Timed) -> io::Result<()> + Send + Sync + 'static,
{
    let open = Arc::new(AtomicUsize::new(0));
    for stream in listener.incoming() {
        if ended.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else {
            // Out of descriptors, or a connection that went away: not a reason to end, nor to spin.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        if open.fetch_add(1, Ordering::SeqCst) >= MAX_CONNECTIONS {
            open.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let (serve, place) = (Arc::clone(serve), Place(Arc::clone(&open)));
        let spawned = thread::Builder::new().spawn(move || {
            let _place = place;
            drop(serve(Timed::new(stream)));
        });
        if let Err(error) = spawned {
            say(&format!("no thread for a connection: {error}"));
        }
    }
}

/// One of the connections that may be open; given back however its thread ends.
struct Place(Arc<AtomicUsize>);

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A connection on which no wait outlasts the deadline, however slowly the
/// other side drips.
#[derive(Debug)]
pub struct Timed {
    stream: TcpStream,
    deadline: Option<Instant>,
}

impl Timed {
    fn new(stream: TcpStream) -> Self {
        Self { stream, deadline: None }
    }

    /// Connects to a server, with a deadline for all that follows.
    ///
    /// # Errors
    /// When nobody answers there in time.
    pub fn connect(address: SocketAddr, limit: Duration) -> io::Result<Self> {
        let mut timed = Self::new(TcpStream::connect_timeout(&address, limit)?);
        timed.limit(limit);
        Ok(timed)
    }

    /// From now on, so much time.
    pub fn limit(&mut self, limit: Duration) {
        self.deadline = Instant::now().checked_add(limit);
    }

    fn left(&self) -> io::Result<Option<Duration>> {
        let Some(deadline) = self.deadline else {
            return Ok(None);
        };
        match deadline.checked_duration_since(Instant::now()).filter(|left| !left.is_zero()) {
            Some(left) => Ok(Some(left)),
            None => Err(io::ErrorKind::TimedOut.into()),
        }
    }
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(self.left()?)?;
        self.stream.read(buffer)
    }
}

impl Write for Timed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(self.left()?)?;
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
