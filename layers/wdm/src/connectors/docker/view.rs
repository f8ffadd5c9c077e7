//! What is there, kept current by the engine's events: each container is
//! asked about when something has happened to it, and not each second. The
//! events are made sure of by a sign of life every two seconds and by a whole
//! list every minute; while the engine doesn't answer nothing is known.

use super::{
    names,
    state::{self, Seen},
};
use bollard::{
    models::{ContainerSummary, EventMessage},
    query_parameters::{EventsOptions, InspectContainerOptions, ListContainersOptions},
};
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use hansa_docker::{ANSWER, Engine, QUICK};
use hansa_ontology::{ApplicationId, WorkloadId};
use hansa_repository::system::{SystemError, SystemErrorKind};
use std::{
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::{Duration, Instant},
};
use tokio::{sync::Mutex as Gate, task::AbortHandle};

/// So long after a word of the engine it counts as alive.
const ALIVE: Duration = Duration::from_secs(2);
/// So long after a whole list the events alone are trusted.
const TRUSTED: Duration = Duration::from_secs(60);
/// So long after a failure nobody asks again.
const PAUSE: Duration = Duration::from_millis(500);
/// Events are heard from so many seconds before the list on, in the engine's own time.
const OVERLAP: i64 = 2;

/// The containers of this broker in one engine.
#[derive(Debug)]
pub(super) struct View {
    engine: Engine,
    broker: Arc<str>,
    known: Mutex<Known>,
    /// One asks the engine for all.
    gate: Gate<()>,
}

#[derive(Debug, Default)]
struct Known {
    seen: HashMap<WorkloadId, Seen>,
    /// What something has happened to since it was looked at, with the count of such happenings.
    stale: HashMap<WorkloadId, u64>,
    happenings: u64,
    listener: Option<Listener>,
    /// What was heard before this listener counts for nothing.
    generation: u64,
    alive_at: Option<Instant>,
    listed_at: Option<Instant>,
    failed: Option<(Instant, SystemError)>,
}

/// Hears events for as long as it is kept.
#[derive(Debug)]
struct Listener(AbortHandle);

impl Drop for Listener {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Known {
    fn touch(&mut self, id: WorkloadId) {
        self.happenings += 1;
        self.stale.insert(id, self.happenings);
    }

    fn is_current(&self, now: Instant) -> bool {
        let within = |at: Option<Instant>, span| at.is_some_and(|at| now.duration_since(at) < span);
        self.listener.is_some() && within(self.alive_at, ALIVE) && within(self.listed_at, TRUSTED)
    }
}

impl View {
    pub(super) fn new(engine: Engine, broker: Arc<str>) -> Arc<Self> {
        Arc::new(Self { engine, broker, known: Mutex::default(), gate: Gate::default() })
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The container of a workload; none where there is none of ours.
    pub(super) async fn look(
        self: &Arc<Self>,
        id: WorkloadId,
        now: DateTime<Utc>,
    ) -> Result<Option<Seen>, SystemError> {
        self.keep_current().await?;
        let (stale, cached) = {
            let known = self.known();
            (known.stale.get(&id).copied(), known.seen.get(&id).cloned())
        };
        let Some(happening) = stale else { return Ok(cached) };
        let seen = self.inspect(id, now).await?;
        let mut known = self.known();
        match &seen {
            Some(seen) => known.seen.insert(id, seen.clone()),
            None => known.seen.remove(&id),
        };
        if known.stale.get(&id) == Some(&happening) {
            known.stale.remove(&id);
        }
        Ok(seen)
    }

    /// Something was done to a workload's container: it is looked at anew.
    pub(super) fn touch(&self, id: WorkloadId) {
        self.known().touch(id);
    }

    /// Asks the engine about one workload's container, whatever is known.
    async fn inspect(&self, id: WorkloadId, now: DateTime<Utc>) -> Result<Option<Seen>, SystemError> {
        let name = names::container(id);
        let call = || self.engine.api().inspect_container(&name, None::<InspectContainerOptions>);
        match self.engine.ask_settled(&format!("look at container {name}"), ANSWER, call).await {
            Ok(told) => {
                let labels = told.config.as_ref().and_then(|config| config.labels.as_ref());
                let ours = names::is_ours(labels, &self.broker);
                Ok(ours.then(|| state::read(&told, now)))
            }
            Err(error) if error.kind == SystemErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Where a port of the same application's containers, published on this
    /// machine's loopback under that number, is reached from within its network.
    pub(super) fn inside(&self, application: ApplicationId, published: u16) -> Option<SocketAddr> {
        let known = self.known();
        known.seen.values().filter(|seen| seen.application == Some(application)).find_map(|seen| {
            let address: IpAddr = seen.address?;
            let (_, inside) = seen.ports.iter().find(|(outside, _)| *outside == published)?;
            Some(SocketAddr::new(address, *inside))
        })
    }

    /// Every workload that has a container here, by a list made now.
    pub(super) async fn all(&self) -> Result<Vec<(WorkloadId, Option<ApplicationId>)>, SystemError> {
        let mut all: Vec<_> = (self.list().await?.iter())
            .filter_map(|one| {
                let labels = one.labels.as_ref();
                Some((names::read(labels, names::WORKLOAD)?, names::read(labels, names::APPLICATION)))
            })
            .collect();
        all.sort();
        all.dedup();
        Ok(all)
    }

    /// Makes sure that what is known is current, with at most one call at a
    /// time and none while the events can be trusted.
    async fn keep_current(self: &Arc<Self>) -> Result<(), SystemError> {
        if self.known().is_current(Instant::now()) {
            return Ok(());
        }
        let _one = self.gate.lock().await;
        let (current, trusted) = {
            let known = self.known();
            let now = Instant::now();
            if let Some((at, error)) = &known.failed
                && now.duration_since(*at) < PAUSE
            {
                return Err(error.clone());
            }
            let listed = known.listed_at.is_some_and(|at| now.duration_since(at) < TRUSTED);
            (known.is_current(now), known.listener.is_some() && listed)
        };
        if current {
            return Ok(());
        }
        let asked = if trusted {
            self.engine.ask("ask for a sign of life", QUICK, self.engine.api().ping()).await.map(drop)
        } else {
            self.list_all().await
        };
        let mut known = self.known();
        match asked {
            Ok(()) => {
                known.alive_at = Some(Instant::now());
                known.failed = None;
                Ok(())
            }
            Err(error) => {
                known.listener = None;
                known.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        }
    }

    /// Begins to listen where nobody does, and takes in a whole list.
    async fn list_all(self: &Arc<Self>) -> Result<(), SystemError> {
        let listening = self.known().listener.is_some();
        if !listening {
            self.listen().await?;
        }
        let before = self.known().happenings;
        let listed = self.list().await?;
        let mut known = self.known();
        known.take_in(&listed, before, listening);
        known.listed_at = Some(Instant::now());
        Ok(())
    }

    async fn list(&self) -> Result<Vec<ContainerSummary>, SystemError> {
        let filters = Some(names::filter(&names::of_broker(&self.broker)));
        let options = ListContainersOptions { all: true, filters, ..ListContainersOptions::default() };
        let call = || self.engine.api().list_containers(Some(options.clone()));
        self.engine.ask_settled("list containers", ANSWER, call).await
    }

    async fn listen(self: &Arc<Self>) -> Result<(), SystemError> {
        let info = self.engine.ask("ask for its time", ANSWER, self.engine.api().info()).await?;
        let told = info.system_time.as_deref().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        let since = told.map(|time: DateTime<_>| (time.timestamp() - OVERLAP).to_string());
        let mut filters = names::filter(&names::of_broker(&self.broker));
        filters.insert("type".to_owned(), vec!["container".to_owned()]);
        let options = EventsOptions { since, filters: Some(filters), ..EventsOptions::default() };
        let (view, api) = (Arc::downgrade(self), self.engine.patient());
        let mut known = self.known();
        known.generation += 1;
        let generation = known.generation;
        let listener = tokio::spawn(async move {
            let mut events = std::pin::pin!(api.events(Some(options)));
            while let Some(Ok(event)) = events.next().await {
                if !heard(&view, &event) {
                    return;
                }
            }
            if let Some(view) = view.upgrade() {
                view.deaf(generation);
            }
        });
        known.listener = Some(Listener(listener.abort_handle()));
        Ok(())
    }

    /// The events have ended: the next look begins anew.
    fn deaf(&self, generation: u64) {
        let mut known = self.known();
        if known.generation == generation {
            known.listener = None;
        }
    }
}

/// Takes in an event. False where nobody wants to know any more.
fn heard(view: &Weak<View>, event: &EventMessage) -> bool {
    let Some(view) = view.upgrade() else { return false };
    let attributes = event.actor.as_ref().and_then(|actor| actor.attributes.as_ref());
    let workload: Option<WorkloadId> = names::read(attributes, names::WORKLOAD);
    let mut known = view.known();
    known.alive_at = Some(Instant::now());
    if let Some(id) = workload {
        known.touch(id);
    }
    true
}

impl Known {
    /// What a list tells that was not known: new, changed or gone. What has
    /// happened since the list was asked for is looked at anyway. Where nobody
    /// was listening before, all is looked at: a container may have ended and
    /// begun again unheard.
    fn take_in(&mut self, listed: &[ContainerSummary], before: u64, was_listening: bool) {
        let mut there = HashMap::new();
        for one in listed {
            let Some(id) = names::read::<WorkloadId>(one.labels.as_ref(), names::WORKLOAD) else { continue };
            let name = format!("/{}", names::container(id));
            if one.names.iter().flatten().any(|known| *known == name) {
                there.insert(id, one);
            }
        }
        for (id, one) in &there {
            let same = self.seen.get(id).is_some_and(|seen| {
                let running = one.state.is_some_and(|state| state.to_string() == "running");
                one.id.as_deref() == Some(seen.id.as_str()) && running == seen.phase.is_up()
            });
            if !same || !was_listening {
                self.touch(*id);
            }
        }
        let gone: Vec<WorkloadId> = self.seen.keys().filter(|id| !there.contains_key(*id)).copied().collect();
        for id in gone {
            // Made while the list was on its way: that is asked about, not forgotten.
            if self.stale.get(&id).is_some_and(|at| *at > before) {
                continue;
            }
            self.seen.remove(&id);
            self.stale.remove(&id);
        }
    }
}
