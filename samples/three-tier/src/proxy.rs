//! The proxy tier: passes each request on to the next application server, and
//! to the one after it where that is down.

use crate::{
    Failure,
    environment::Environment,
    http::{self, Request, Response},
    peers, say,
    server::Server,
};
use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

/// How long an application server may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// For how long one that failed is asked only when all others fail too.
const REST: Duration = Duration::from_secs(2);

/// The proxy.
#[derive(Debug)]
pub struct Proxy {
    environment: Environment,
    turn: AtomicUsize,
    failed: Mutex<BTreeMap<SocketAddr, Instant>>,
}

impl Proxy {
    /// A proxy that is told by this environment whom to call.
    #[must_use]
    pub const fn new(environment: Environment) -> Self {
        Self { environment, turn: AtomicUsize::new(0), failed: Mutex::new(BTreeMap::new()) }
    }

    /// Listens on `PORT_HTTP`.
    ///
    /// # Errors
    /// When it can't.
    pub fn listen(self) -> Result<Server, Failure> {
        let address = self.environment.listen_address("PORT_HTTP")?;
        let proxy = Arc::new(self);
        Server::start("proxy", address, move |connection| http::serve(connection, |request| proxy.answer(request)))
    }

    fn answer(&self, request: &Request) -> Response {
        if request.path() == "/healthz" {
            return Response::text(200, "ok\n");
        }
        let myself = self.environment.instance("proxy");
        let mut request = request.clone();
        request.headers.push(("Via".to_owned(), format!("1.1 {myself}")));
        let peers = self.in_turn(peers::addresses(&self.environment, "application", "http"));
        if peers.is_empty() {
            return Response::text(502, "no address of the application is known\n");
        }
        let mut reasons = String::new();
        for address in peers {
            match http::fetch(address, &request, PATIENCE) {
                Ok(response) => {
                    self.failures(|failed| failed.remove(&address));
                    return response.with("Via", format!("1.1 {myself}")).with("X-Served-By", address.to_string());
                }
                Err(error) => {
                    say(&format!("the application at {address}: {error}"));
                    reasons.push_str(&format!("the application at {address}: {error}\n"));
                    self.failures(|failed| failed.insert(address, Instant::now()));
                    if !may_ask_again(&request, &error) {
                        break;
                    }
                }
            }
        }
        Response::text(502, reasons)
    }

    /// The peers from the one whose turn it is; those that failed lately last.
    fn in_turn(&self, mut peers: Vec<SocketAddr>) -> Vec<SocketAddr> {
        if peers.is_empty() {
            return peers;
        }
        let turn = self.turn.fetch_add(1, Ordering::Relaxed) % peers.len();
        peers.rotate_left(turn);
        self.failures(|failed| {
            failed.retain(|address, at| at.elapsed() < REST && peers.contains(address));
            peers.sort_by_key(|address| failed.contains_key(address));
        });
        peers
    }

    fn failures<T>(&self, act: impl FnOnce(&mut BTreeMap<SocketAddr, Instant>) -> T) -> T {
        act(&mut self.failed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether another server may be asked: the first never got the request, or
/// asking twice does no harm (RFC 9110, 9.2.2).
fn may_ask_again(request: &Request, error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::ConnectionRefused || matches!(request.method.as_str(), "GET" | "HEAD")
}
