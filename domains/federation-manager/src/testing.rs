//! Several brokers in one process, for tests: what they say to each other is
//! signed, written as bytes, handed over and read as over the wire, and can be
//! lost, said twice, or altered on the way.

use crate::{
    Answer, Call, FederationError, FederationManager, FederationOptions, Inbound, Method, Rooms, Transport,
    TransportError,
};
use async_trait::async_trait;
use hansa_federation::{
    AddressGuard, Did, FileKeyStore, KeyStore,
    address::Loopback,
    token::{self, Request},
    wire::Hint,
};
use hansa_ontology::ProviderId;
use hansa_repository::{
    Database, RepositoryError,
    ambient::{Clock as _, IdSource as _},
    catalogue::CatalogueService,
    testing::{CountedIds, HandClock},
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use url::Url;

/// What happens to a call on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It doesn't arrive.
    RequestLost,
    /// It is carried out, and the answer doesn't arrive.
    AnswerLost,
    /// It arrives twice, byte for byte.
    Repeated,
}

type Alter = Arc<dyn Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync>;

#[derive(Default)]
struct State {
    brokers: BTreeMap<String, FederationManager>,
    /// Pairs that don't reach each other, in one direction.
    cut: BTreeSet<(String, String)>,
    faults: Vec<(String, Fault)>,
    alter: Option<Alter>,
    calls: Vec<String>,
}

/// Brokers that reach each other.
#[derive(Clone, Default)]
pub struct Network(Arc<Mutex<State>>);

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network").finish_non_exhaustive()
    }
}

impl Network {
    /// A broker of this network, `did:web:NAME.example`, that sells the offers
    /// of `urn:hansa:provider:NAME`. Its keys are in a folder.
    ///
    /// # Errors
    /// When its keys can't be made, or the database fails.
    pub fn broker(
        &self,
        name: &str,
        database: &Database,
        keys: &Path,
        clock: &HandClock,
    ) -> Result<FederationManager, FederationError> {
        let mut options = Self::options(name)?;
        options.guard = AddressGuard::with_loopback(Loopback::Refused);
        self.broker_with(name, database, keys, clock, options)
    }

    /// The options that [`Network::broker`] begins with.
    ///
    /// # Errors
    /// When the name isn't one of a host.
    pub fn options(name: &str) -> Result<FederationOptions, FederationError> {
        let endpoint = Url::parse(&format!("https://{name}.example"))
            .map_err(|error| FederationError::invalid("name", error.to_string()))?;
        let provider = ProviderId::new(format!("urn:hansa:provider:{name}"))
            .map_err(|error| FederationError::invalid("name", error.to_string()))?;
        Ok(FederationOptions::new(name, endpoint, provider))
    }

    /// As [`Network::broker`], with other options.
    ///
    /// # Errors
    /// As [`Network::broker`].
    pub fn broker_with(
        &self,
        name: &str,
        database: &Database,
        keys: &Path,
        clock: &HandClock,
        options: FederationOptions,
    ) -> Result<FederationManager, FederationError> {
        let did = Did::new(format!("did:web:{name}.example"))?;
        let keys: Arc<dyn KeyStore> = Arc::new(FileKeyStore::open(keys.join(name), did.clone(), clock.now())?);
        let ids = CountedIds::default();
        let link = Link { network: self.clone(), keys: Arc::clone(&keys), clock: clock.clone(), ids: ids.clone() };
        let manager = FederationManager::new(Rooms {
            database: database.clone(),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(ids),
            catalogue: CatalogueService::new(database.clone())?,
            keys,
            transport: Arc::new(link),
            options,
        });
        self.lock().brokers.insert(did.to_string(), manager.clone());
        Ok(manager)
    }

    /// From now on calls of one broker don't reach the other.
    pub fn cut(&self, from: &FederationManager, to: &FederationManager) {
        self.lock().cut.insert((from.did().to_string(), to.did().to_string()));
    }

    /// Every broker reaches every other again.
    pub fn heal(&self) {
        let mut state = self.lock();
        state.cut.clear();
        state.faults.clear();
        state.alter = None;
    }

    /// The next call whose path begins so meets with this.
    pub fn fault(&self, path: &str, fault: Fault) {
        self.lock().faults.push((path.to_owned(), fault));
    }

    /// Every answer goes through this, with the path of its call.
    pub fn alter(&self, alter: impl Fn(&str, Vec<u8>) -> Vec<u8> + Send + Sync + 'static) {
        self.lock().alter = Some(Arc::new(alter));
    }

    /// The paths that were called since the last time, in order.
    #[must_use]
    pub fn calls(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().calls)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn target(&self, from: &str, to: &str) -> Result<FederationManager, TransportError> {
        let state = self.lock();
        if state.cut.contains(&(from.to_owned(), to.to_owned())) {
            return Err(TransportError::NotSent("the network is cut".to_owned()));
        }
        state.brokers.get(to).cloned().ok_or_else(|| TransportError::NotSent("nobody is there".to_owned()))
    }
}

/// One broker's way to the others.
#[derive(Debug)]
struct Link {
    network: Network,
    keys: Arc<dyn KeyStore>,
    clock: HandClock,
    ids: CountedIds,
}

#[async_trait]
impl Transport for Link {
    async fn call(&self, call: &Call) -> Result<Answer, TransportError> {
        let not_sent = |error: hansa_federation::FederationError| TransportError::NotSent(error.to_string());
        let target = self.network.target(self.keys.did().as_str(), &call.partner)?;
        let fault = {
            let mut state = self.network.lock();
            state.calls.push(format!("{} {}", call.method.as_str(), call.path));
            let found = state.faults.iter().position(|(path, _)| call.path.starts_with(path.as_str()));
            found.map(|found| state.faults.remove(found).1)
        };
        if fault == Some(Fault::RequestLost) {
            return Err(TransportError::Unknown("the request was lost".to_owned()));
        }
        let audience = Did::new(call.partner.as_str()).map_err(not_sent)?;
        let request = Request { method: call.method.as_str(), path_and_query: &call.path, body: &call.body };
        let token = token::issue(self.keys.as_ref(), &audience, request, self.ids.next(), self.clock.now()).await;
        let authorization = format!("Bearer {}", token.map_err(not_sent)?);
        let inbound = Inbound {
            method: call.method.as_str(),
            path_and_query: &call.path,
            body: &call.body,
            authorization: Some(&authorization),
        };
        let answer = serve(&target, call.method, &inbound).await;
        if fault == Some(Fault::Repeated) {
            // The second arrival is another message's business; its answer goes nowhere.
            drop(serve(&target, call.method, &inbound).await);
        }
        if fault == Some(Fault::AnswerLost) {
            return Err(TransportError::Unknown("the answer was lost".to_owned()));
        }
        let body = answer.map_err(|error| TransportError::Refused {
            status: error.problem().status(),
            kind: error.problem().uri(),
            detail: error.to_string(),
            retry_after: None,
        })?;
        let alter = self.network.lock().alter.clone();
        let body = alter.map_or_else(|| body.clone(), |alter| alter(&call.path, body.clone()));
        if body.len() > call.limit {
            return Err(TransportError::Unknown(format!("the answer has more than {} bytes", call.limit)));
        }
        Ok(Answer { status: 200, body })
    }

    async fn did_document(&self, did: &Did) -> Result<Vec<u8>, TransportError> {
        let target = self.network.target(self.keys.did().as_str(), did.as_str())?;
        let document = target.did_document().map_err(|error| TransportError::NotSent(error.to_string()))?;
        serde_json::to_vec(&document).map_err(|error| TransportError::NotSent(error.to_string()))
    }
}

/// What a broker answers to a call, as its HTTP side would.
///
/// # Errors
/// What the broker refuses.
pub async fn serve(
    manager: &FederationManager,
    method: Method,
    inbound: &Inbound<'_>,
) -> Result<Vec<u8>, FederationError> {
    let (path, query) = inbound.path_and_query.split_once('?').unwrap_or((inbound.path_and_query, ""));
    let path = path.strip_prefix("/federation/v1").unwrap_or(path);
    match (method, path) {
        (Method::Post, "/partners") => return json(&manager.partner_join(inbound).await?),
        (Method::Get, "/keys") => return json(&manager.key_lists()?),
        _ => {}
    }
    let peer = manager.authenticate(inbound).await?;
    let after = || {
        let value = query.split('&').find_map(|pair| pair.strip_prefix("after="));
        value.and_then(|value| value.parse().ok()).unwrap_or_default()
    };
    match (method, path) {
        (Method::Get, "/status") => json(&manager.peer_status(&peer).await?),
        (Method::Get, "/offers") => json(&manager.feed_page(&peer, after()).await?),
        (Method::Get, "/offers/snapshot") => json(&manager.feed_snapshot(&peer, after()).await?),
        (Method::Get, "/capacity") => json(&manager.capacity_report(&peer).await?),
        (Method::Post, "/inbox") => {
            let hint: Hint = serde_json::from_slice(inbound.body)
                .map_err(|error| FederationError::invalid("hint", error.to_string()))?;
            json(&manager.inbox(&peer, hint).await?)
        }
        _ => Err(FederationError::NotFound(format!("{path} in this test"))),
    }
}

fn json<T: Serialize>(value: &T) -> Result<Vec<u8>, FederationError> {
    serde_json::to_vec(value).map_err(|error| FederationError::Internal(error.to_string()))
}

/// Makes partners of two brokers, as their owners would.
///
/// # Errors
/// When one of them refuses.
pub async fn federate(inviter: &FederationManager, newcomer: &FederationManager) -> Result<(), FederationError> {
    use hansa_ontology::Actor;
    let invitation = inviter.partner_invite("for a test", Actor::Local).await?;
    newcomer.partner_accept(&invitation.line, Actor::Local).await?;
    Ok(())
}

/// The kinds of a broker's events about federation, oldest first.
///
/// # Errors
/// When the database fails.
pub async fn event_kinds(database: &Database) -> Result<Vec<String>, RepositoryError> {
    use hansa_repository::event::{self, EventFilter, Order};
    let events = database
        .read(|connection| event::list(connection, &EventFilter::default(), 10_000, Order::OldestFirst))
        .await?;
    Ok(events.into_iter().map(|event| event.kind).collect())
}
