//! Clusters that speak the Kubernetes API: each workload is a Deployment (or,
//! with volumes, a StatefulSet) of one pod, with all that belongs to it, in a
//! namespace of its application.
//!
//! What is there is watched, never polled; what is to be there is applied from
//! the server's side. Nothing is remembered here that the cluster doesn't hold.

mod apply;
mod bundle;
mod charts;
mod deploy;
mod documents;
mod events;
mod helm;
mod hooks;
mod ingress;
mod inventory;
mod judge;
mod logs;
mod manifests;
mod naming;
mod objects;
mod pod;
mod record;
mod removal;
mod rollout;
mod settings;
mod usage;
mod watch;

use super::{Connector, Launch, LogStream, Observation, Place, PortChoice};
use crate::{
    WdmError,
    model::{DiscoveryToken, Endpoints, LimitSupport, LogQuery, Peers, Removal, Usage, WorkloadSpec},
};
use async_trait::async_trait;
use hansa_kubernetes_client::Cluster;
use hansa_ontology::{ApplicationId, WorkloadId};
use hansa_repository::system::{Connecting, SettingFault, SystemConnection, SystemError};
use kube::{Api, Resource, core::NamespaceResourceScope};
use naming::object;
use settings::Settings;
use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, PoisonError},
};
use watch::Cache;

/// One cluster.
#[derive(Debug)]
pub(crate) struct Kubernetes {
    cluster: Cluster,
    broker: Arc<str>,
    settings: Settings,
    cache: Arc<Cache>,
    /// What each workload was last told, by a hash: most rounds tell nothing new.
    told: Mutex<HashMap<WorkloadId, u64>>,
    /// What events said of workloads that don't work.
    said: events::Said,
    /// What was last seen of packages of manifests.
    manifests: manifests::Seen,
    /// Charts on their way.
    charts: charts::Charts,
    /// When entrances were last looked at.
    looked: ingress::Looked,
    /// What pods were last told to use.
    used: usage::Told,
}

/// Makes the connector of a system. Watching begins; nothing is waited for.
pub(crate) fn connect(connection: SystemConnection) -> Connecting<dyn Connector> {
    Box::pin(async move {
        let settings = Settings::read(&connection)?;
        let cluster = Cluster::connect(&connection).await?;
        let cache = Arc::new(Cache::start(&cluster, &connection.broker, settings.namespace.as_deref()));
        let this = Kubernetes {
            cluster,
            broker: connection.broker,
            settings,
            cache,
            told: Mutex::default(),
            said: Mutex::default(),
            manifests: Mutex::default(),
            charts: charts::Charts::default(),
            looked: Mutex::default(),
            used: usage::Told::default(),
        };
        Ok(Arc::new(this) as Arc<dyn Connector>)
    })
}

/// Which limits a cluster enforces.
pub(crate) fn limits() -> LimitSupport {
    judge::limits()
}

/// Whether the settings of a cluster can be read. It is not asked.
pub(crate) fn settings_check(settings: &BTreeMap<String, String>) -> Result<(), SettingFault> {
    Settings::of(settings).map(drop)
}

/// What can't run in a cluster of these settings, before anything is made of it.
pub(crate) fn check(connection: &SystemConnection, spec: &WorkloadSpec) -> Result<(), WdmError> {
    deploy::check(&connection.system.name, spec, &Settings::read(connection)?)
}

impl Kubernetes {
    fn api<K>(&self, namespace: &str) -> Api<K>
    where
        K: Resource<Scope = NamespaceResourceScope>,
        K::DynamicType: Default,
    {
        Api::namespaced(self.cluster.client(), namespace)
    }

    /// The namespace in which a workload is. None where there is none.
    fn namespace_of(&self, place: &Place) -> Option<String> {
        if let Some(fixed) = &self.settings.namespace {
            return Some(fixed.clone());
        }
        if let Some(found) = place.application.and_then(|application| self.cache.namespace(application)) {
            return Some(found.name.into());
        }
        let (controller, pods) = self.cache.of(place.workload);
        controller.map(|it| it.namespace).or_else(|| pods.first().map(|pod| pod.namespace.clone())).map(Into::into)
    }

    fn told(&self) -> std::sync::MutexGuard<'_, HashMap<WorkloadId, u64>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Connector for Kubernetes {
    fn limits(&self) -> LimitSupport {
        judge::limits()
    }

    fn check(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        deploy::check(self.cluster.system(), spec, &self.settings)
    }

    fn ports(&self) -> PortChoice {
        PortChoice::System
    }

    async fn expose(&self, spec: &WorkloadSpec) -> Result<Endpoints, WdmError> {
        self.cache.fresh().await?;
        self.exposed(spec, &Endpoints::new()).await
    }

    async fn start(&self, launch: &Launch) -> Result<(), WdmError> {
        self.cache.fresh().await?;
        self.deploy(launch).await
    }

    /// Pods of an earlier run end before the next one's begins, by the cluster's own rule.
    async fn clear(&self, _: &Place) -> Result<(), WdmError> {
        Ok(())
    }

    async fn tell(&self, place: &Place, peers: &Peers, token: Option<&DiscoveryToken>) -> Result<(), WdmError> {
        Ok(self.tell_changes(place, peers, token).await?)
    }

    async fn observe(&self, place: &Place) -> Result<Observation, WdmError> {
        self.cache.fresh().await?;
        if let Some(inventory) = self.cache.inventory(place.workload) {
            return Ok(self.observe_manifests(&inventory).await?);
        }
        let (controller, pods) = self.cache.of(place.workload);
        let seen = judge::judge(controller.as_ref(), &pods, self.cache.is_served(place.workload));
        let mut seen = self.explained(seen, controller.as_ref(), &pods).await;
        if let Some(controller) = &controller
            && let Some(why) = self.entrances_kept(controller).await
        {
            seen.verdict = Some(Err(why));
        }
        Ok(seen)
    }

    async fn usage(&self, place: &Place) -> Result<Option<Usage>, WdmError> {
        self.cache.fresh().await?;
        Ok(self.used(place).await?)
    }

    async fn stop(&self, place: &Place, force: bool) -> Result<(), WdmError> {
        self.cache.fresh().await?;
        if let Some(inventory) = self.cache.inventory(place.workload) {
            return Ok(self.stop_manifests(&inventory).await?);
        }
        Ok(self.ended(place, force).await?)
    }

    async fn remove(&self, place: &Place, force: bool) -> Result<Removal, WdmError> {
        self.cache.fresh().await?;
        if let Some(inventory) = self.cache.inventory(place.workload) {
            return Ok(self.remove_manifests(place, &inventory).await?);
        }
        Ok(self.taken_away(place, force).await?)
    }

    async fn logs(&self, place: &Place, query: LogQuery) -> Result<LogStream, WdmError> {
        self.cache.fresh().await?;
        Ok(logs::stream(self.cluster.clone(), Arc::clone(&self.cache), place.workload, query))
    }

    async fn found(&self) -> Result<Vec<Place>, WdmError> {
        self.cache.fresh().await?;
        let place = |(workload, application)| Place { workload, application, directory: std::path::PathBuf::new() };
        let containers = self.cache.controllers().into_iter().map(|one| (one.workload, one.application));
        let manifests = self.cache.inventories().into_iter().map(|one| (one.workload, one.application));
        Ok(containers.chain(manifests).map(place).collect())
    }

    async fn volumes_remove(&self, application: ApplicationId, component: &str, ordinal: u32) -> Result<(), WdmError> {
        self.cache.fresh().await?;
        Ok(self.claims_removed(application, component, ordinal).await?)
    }

    async fn retire(&self, application: ApplicationId) -> Result<(), WdmError> {
        self.cache.fresh().await?;
        Ok(self.retired(application).await?)
    }
}

/// A failure that nothing but this connector finds.
fn refused(
    system: &str,
    kind: hansa_repository::system::SystemErrorKind,
    action: String,
    remedy: String,
) -> SystemError {
    SystemError { system: system.to_owned(), kind, action, said: String::new(), remedy }
}

/// The names of a workload's objects, where somebody asks by the workload alone.
fn object_of(place: &Place) -> String {
    object(place.workload)
}
