//! The current state of what is ours in a cluster, kept by watching: nobody
//! who looks at a workload asks the cluster.

use super::{
    inventory::Inventory,
    naming::{BROKER, INVENTORY},
    record::{Controller, Makes, NamespaceRecord, PodRecord, ServiceRecord, Watched},
};
use futures_util::StreamExt as _;
use hansa_kubernetes_client::{Cluster, error};
use hansa_ontology::{ApplicationId, WorkloadId};
use hansa_repository::system::{SystemError, SystemErrorKind};
use k8s_openapi::api::{
    apps::v1::{Deployment, StatefulSet},
    batch::v1::Job,
    core::v1::{ConfigMap, Namespace, Pod, Service},
};
use kube::{
    Api, Resource,
    runtime::{
        WatchStreamExt as _,
        utils::Backoff,
        watcher::{self, Event, watcher},
    },
};
use serde::de::DeserializeOwned;
use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tokio::task::AbortHandle;
use uuid::Uuid;

/// So long nothing has to be heard before somebody asks whether the cluster is there.
const SILENCE: Duration = Duration::from_secs(5);
/// So long the answer to that may take.
const SIGN_OF_LIFE: Duration = Duration::from_secs(3);
/// So long a watch that failed counts as broken: longer than it waits until it tries again.
const TROUBLE: Duration = Duration::from_secs(6);
/// So long the first look may take before it is said that it isn't done.
const FIRST_LOOK: Duration = Duration::from_secs(8);
/// Objects in one answer of a list.
const PAGE: u32 = 500;
/// How many kinds are watched.
const KINDS: usize = 7;

/// Everything of ours, by who it belongs to. Dropping it ends the watches.
#[derive(Debug)]
pub(super) struct Cache {
    cluster: Cluster,
    state: Arc<Mutex<State>>,
    tasks: Vec<AbortHandle>,
    /// Who asks whether the cluster is there; one at a time.
    asking: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    deployments: Table<Controller>,
    stateful_sets: Table<Controller>,
    jobs: Table<Controller>,
    pods: Table<PodRecord>,
    services: Table<ServiceRecord>,
    inventories: Table<Inventory>,
    namespaces: Table<NamespaceRecord>,
    /// What was last wrong with each watch, and when.
    troubles: [Option<(Instant, SystemError)>; KINDS],
    looked: [bool; KINDS],
    heard: Option<Instant>,
    /// When somebody asked last in vain, and what came of it.
    silent: Option<(Instant, SystemError)>,
}

/// The objects of one kind, by owner.
#[derive(Debug)]
struct Table<T> {
    all: HashMap<Uuid, Vec<T>>,
    /// What a list has brought so far.
    coming: Option<HashMap<Uuid, Vec<T>>>,
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { all: HashMap::new(), coming: None }
    }
}

impl<T: Watched> Table<T> {
    fn of(&self, owner: Uuid) -> &[T] {
        self.all.get(&owner).map(Vec::as_slice).unwrap_or_default()
    }

    fn put(&mut self, mut new: T) {
        let those = self.all.entry(new.owner()).or_default();
        match those.iter_mut().find(|it| it.uid() == new.uid()) {
            Some(known) => {
                new.after(known);
                *known = new;
            }
            None => those.push(new),
        }
        those.shrink_to_fit();
    }

    fn take(&mut self, gone: &T) {
        if let Some(those) = self.all.get_mut(&gone.owner()) {
            those.retain(|it| it.uid() != gone.uid());
            if those.is_empty() {
                self.all.remove(&gone.owner());
            }
        }
    }

    fn hear<K>(&mut self, event: Event<K>, read: impl Fn(&K) -> Option<T>) -> bool {
        match event {
            Event::Init => self.coming = Some(HashMap::new()),
            Event::InitApply(object) => {
                if let (Some(new), Some(coming)) = (read(&object), &mut self.coming) {
                    coming.entry(new.owner()).or_default().push(new);
                }
            }
            Event::InitDone => {
                self.all = self.coming.take().unwrap_or_default();
                return true;
            }
            Event::Apply(object) => {
                if let Some(new) = read(&object) {
                    self.put(new);
                }
            }
            Event::Delete(object) => {
                if let Some(gone) = read(&object) {
                    self.take(&gone);
                }
            }
        }
        false
    }
}

/// From a fifth of a second to five seconds, so that a cluster that was
/// started again is seen soon.
#[derive(Debug, Clone)]
struct Patience(Duration);

const SHORTEST: Duration = Duration::from_millis(200);

impl Iterator for Patience {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let now = self.0;
        self.0 = (now * 2).min(Duration::from_secs(5));
        Some(now)
    }
}

impl Backoff for Patience {
    fn reset(&mut self) {
        self.0 = SHORTEST;
    }
}

impl Cache {
    /// Begins to watch. `namespace`: only there, where the credential may see no other.
    pub(super) fn start(cluster: &Cluster, broker: &str, namespace: Option<&str>) -> Self {
        let mut cache = Self {
            cluster: cluster.clone(),
            state: Arc::default(),
            tasks: Vec::new(),
            asking: tokio::sync::Mutex::new(()),
        };
        let labels = format!("{BROKER}={broker}");
        let client = cluster.client();
        let deployments: Api<Deployment> = scoped(&client, namespace);
        cache.follow(0, deployments, &labels, |state, event| state.deployments.hear(event, Controller::of_deployment));
        let sets: Api<StatefulSet> = scoped(&client, namespace);
        cache.follow(1, sets, &labels, |state, event| state.stateful_sets.hear(event, Controller::of_stateful_set));
        let jobs: Api<Job> = scoped(&client, namespace);
        cache.follow(6, jobs, &labels, |state, event| state.jobs.hear(event, Controller::of_job));
        let pods: Api<Pod> = scoped(&client, namespace);
        cache.follow(2, pods, &labels, |state, event| state.pods.hear(event, PodRecord::of));
        let services: Api<Service> = scoped(&client, namespace);
        cache.follow(4, services, &labels, |state, event| state.services.hear(event, ServiceRecord::of));
        let lists: Api<ConfigMap> = scoped(&client, namespace);
        let listed = format!("{labels},{INVENTORY}");
        cache.follow(5, lists, &listed, |state, event| state.inventories.hear(event, Inventory::of));
        if namespace.is_none() {
            let namespaces: Api<Namespace> = Api::all(client);
            cache.follow(3, namespaces, &labels, |state, event| state.namespaces.hear(event, NamespaceRecord::of));
        } else {
            cache.lock().looked[3] = true;
        }
        cache
    }

    fn follow<K>(&mut self, kind: usize, api: Api<K>, labels: &str, hear: fn(&mut State, Event<K>) -> bool)
    where
        K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
    {
        let config = watcher::Config::default().labels(labels).page_size(PAGE);
        let (state, system) = (Arc::clone(&self.state), self.cluster.system().to_owned());
        let mut events = watcher(api, config).backoff(Patience(SHORTEST)).boxed();
        let task = tokio::spawn(async move {
            while let Some(event) = events.next().await {
                let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
                match event {
                    Ok(event) => {
                        let listed = hear(&mut state, event);
                        state.heard(kind, listed);
                    }
                    Err(failed) => state.failed(kind, &system, &failed),
                }
            }
        });
        self.tasks.push(task.abort_handle());
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees that what is known is true now: each watch works, and the cluster
    /// was heard of a moment ago.
    pub(super) async fn fresh(&self) -> Result<(), SystemError> {
        self.first_look().await?;
        if let Some(known) = self.lock().standing() {
            return known;
        }
        let _one = self.asking.lock().await;
        // Somebody else may have asked meanwhile.
        if let Some(known) = self.lock().standing() {
            return known;
        }
        let asked = tokio::time::timeout(SIGN_OF_LIFE, self.cluster.client().apiserver_version()).await;
        let mut state = self.lock();
        let trouble = match asked {
            Ok(Ok(_)) => {
                state.heard = Some(Instant::now());
                state.silent = None;
                return Ok(());
            }
            Ok(Err(failed)) => error(self.cluster.system(), "ask for a sign of life", &failed),
            Err(_) => SystemError {
                system: self.cluster.system().to_owned(),
                kind: SystemErrorKind::TimedOut,
                action: "ask for a sign of life".to_owned(),
                said: String::new(),
                remedy: "see whether the API server's address can be reached from here".to_owned(),
            },
        };
        state.silent = Some((Instant::now(), trouble.clone()));
        Err(trouble)
    }

    async fn first_look(&self) -> Result<(), SystemError> {
        let until = Instant::now() + FIRST_LOOK;
        loop {
            {
                let state = self.lock();
                if state.looked.iter().all(|looked| *looked) {
                    return Ok(());
                }
                if let Some((_, trouble)) = state.troubles.iter().flatten().next() {
                    return Err(trouble.clone());
                }
            }
            if Instant::now() >= until {
                return Err(SystemError {
                    system: self.cluster.system().to_owned(),
                    kind: SystemErrorKind::TimedOut,
                    action: "list what is there".to_owned(),
                    said: String::new(),
                    remedy: "it goes on; see whether the API server's address can be reached from here".to_owned(),
                });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Whether a workload has its service.
    pub(super) fn is_served(&self, workload: WorkloadId) -> bool {
        !self.lock().services.of(workload.0).is_empty()
    }

    /// What makes the pods of a workload, and its pods.
    pub(super) fn of(&self, workload: WorkloadId) -> (Option<Controller>, Vec<PodRecord>) {
        let state = self.lock();
        let pods = state.pods.of(workload.0).to_vec();
        // Of jobs there may be one for each run.
        let latest = state.controllers().iter().flat_map(|table| table.of(workload.0)).max_by_key(|one| one.run);
        (latest.cloned(), pods)
    }

    /// The namespace of an application.
    pub(super) fn namespace(&self, application: ApplicationId) -> Option<NamespaceRecord> {
        self.lock().namespaces.of(application.0).first().cloned()
    }

    /// Whether anything of an application runs or ends.
    pub(super) fn has_workloads(&self, application: ApplicationId) -> bool {
        self.controllers().iter().any(|one| one.application == Some(application))
            || self.inventories().iter().any(|one| one.application == Some(application))
    }

    /// What was applied of a workload's manifests.
    pub(super) fn inventory(&self, workload: WorkloadId) -> Option<Inventory> {
        self.lock().inventories.of(workload.0).first().cloned()
    }

    /// Every list of manifests that were applied.
    pub(super) fn inventories(&self) -> Vec<Inventory> {
        self.lock().inventories.all.values().flatten().cloned().collect()
    }

    /// Takes in a list that was written.
    pub(super) fn saw_inventory(&self, inventory: Inventory) {
        self.lock().inventories.put(inventory);
    }

    /// Every controller.
    pub(super) fn controllers(&self) -> Vec<Controller> {
        self.lock().controllers().iter().flat_map(|table| table.all.values()).flatten().cloned().collect()
    }

    /// Takes in an answer, so that who looks next sees it before the watch tells.
    pub(super) fn saw(&self, controller: Controller) {
        let mut state = self.lock();
        let table = match controller.kind {
            Makes::Deployment => &mut state.deployments,
            Makes::StatefulSet => &mut state.stateful_sets,
            Makes::Job => &mut state.jobs,
        };
        // The watch may have been quicker, with a later state.
        let newer = |it: &Controller| it.uid == controller.uid && it.version >= controller.version;
        if !table.of(controller.workload.0).iter().any(newer) {
            table.put(controller);
        }
    }

    /// Takes in a service that was made.
    pub(super) fn saw_service(&self, service: ServiceRecord) {
        self.lock().services.put(service);
    }

    /// Takes in a namespace that was made.
    pub(super) fn saw_namespace(&self, namespace: NamespaceRecord) {
        self.lock().namespaces.put(namespace);
    }
}

impl State {
    const fn controllers(&self) -> [&Table<Controller>; 3] {
        [&self.deployments, &self.stateful_sets, &self.jobs]
    }

    fn heard(&mut self, kind: usize, listed: bool) {
        if let Some(trouble) = self.troubles.get_mut(kind) {
            *trouble = None;
        }
        if let Some(looked) = self.looked.get_mut(kind)
            && listed
        {
            *looked = true;
        }
        self.heard = Some(Instant::now());
        self.silent = None;
    }

    fn failed(&mut self, kind: usize, system: &str, failed: &watcher::Error) {
        let trouble = match failed {
            // The list begins again by itself.
            watcher::Error::WatchError(status) if status.code == 410 => return,
            watcher::Error::InitialListFailed(cause) | watcher::Error::WatchStartFailed(cause) => {
                error(system, "watch what is there", cause)
            }
            // A watch that was cut off is begun anew; that may succeed at once.
            _ => return,
        };
        if let Some(place) = self.troubles.get_mut(kind) {
            *place = Some((Instant::now(), trouble));
        }
    }

    /// Whether what is known is true; None where that has to be asked.
    fn standing(&self) -> Option<Result<(), SystemError>> {
        // A watch that works again tells nothing as long as nothing happens.
        let trouble = self.troubles.iter().flatten().find(|(at, _)| at.elapsed() < TROUBLE);
        if let Some((_, trouble)) = trouble {
            return Some(Err(trouble.clone()));
        }
        if let Some((at, trouble)) = &self.silent
            && at.elapsed() < SIGN_OF_LIFE
        {
            return Some(Err(trouble.clone()));
        }
        self.heard.is_some_and(|at| at.elapsed() < SILENCE).then_some(Ok(()))
    }
}

impl Drop for Cache {
    fn drop(&mut self) {
        self.tasks.iter().for_each(AbortHandle::abort);
    }
}

/// All of a kind, or that of one namespace.
fn scoped<K>(client: &kube::Client, namespace: Option<&str>) -> Api<K>
where
    K: Resource<Scope = kube::core::NamespaceResourceScope>,
    K::DynamicType: Default,
{
    match namespace {
        Some(name) => Api::namespaced(client.clone(), name),
        None => Api::all(client.clone()),
    }
}
