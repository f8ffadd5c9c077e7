//! What is kept of an object that is watched: as much as answers need, so that
//! a thousand workloads cost little memory.

use super::naming::{APPLICATION, COMPONENT, CONTAINER, HOSTED, ORDINAL, RUN, WORKLOAD, object};
use crate::model::{Exit, WorkloadSpec};
use chrono::{DateTime, Utc};
use hansa_ontology::{ApplicationId, WorkloadId, resource_model::RunPolicy};
use k8s_openapi::{
    api::{
        apps::v1::{Deployment, StatefulSet},
        batch::v1::Job,
        core::v1::{
            ContainerState, ContainerStateTerminated, ContainerStatus, Namespace, Pod, PodTemplateSpec, Service,
        },
    },
    apimachinery::pkg::apis::meta::v1::{ObjectMeta, Time},
};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Reasons for which a container that waits will not start by waiting.
pub(super) const HOPELESS: [&str; 9] = [
    "ErrImagePull",
    "ImagePullBackOff",
    "InvalidImageName",
    "ErrImageNeverPull",
    "ImageInspectError",
    "RegistryUnavailable",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// Something that is watched.
pub(super) trait Watched: Sized + Clone + Send + 'static {
    /// Its identity in the cluster.
    fn uid(&self) -> &str;
    /// The workload or application that it belongs to.
    fn owner(&self) -> Uuid;
    /// Takes over what only an earlier state of the same object told.
    fn after(&mut self, _earlier: &Self) {}
}

/// What makes the pods of a workload.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Controller {
    pub(super) uid: Box<str>,
    /// Which state of the object this is: a number in all clusters that there are.
    pub(super) version: u64,
    pub(super) workload: WorkloadId,
    pub(super) application: Option<ApplicationId>,
    pub(super) namespace: Box<str>,
    pub(super) component: Box<str>,
    /// Its entrances by host names, as they are written down.
    pub(super) hosted: Box<str>,
    pub(super) kind: Makes,
    /// It listens, so there is a service.
    pub(super) listens: bool,
    pub(super) run: u64,
    pub(super) replicas: i32,
    pub(super) deleting: bool,
    /// Why it can't make pods.
    pub(super) failure: Option<Box<str>>,
    /// When it was done, where it is a job.
    pub(super) done: Option<DateTime<Utc>>,
}

/// What makes pods.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Makes {
    /// A Deployment: one pod, and another when that is gone.
    Deployment,
    /// A StatefulSet: where there are volumes, never two pods at once.
    StatefulSet,
    /// A Job: a pod that ends. There is one for each run.
    Job,
}

impl Makes {
    /// What runs the workload.
    pub(super) fn of(spec: &WorkloadSpec) -> Self {
        match spec.run {
            RunPolicy::Once => Self::Job,
            RunPolicy::Service if spec.volumes.is_empty() => Self::Deployment,
            RunPolicy::Service => Self::StatefulSet,
        }
    }

    /// The object's kind.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Deployment => "Deployment",
            Self::StatefulSet => "StatefulSet",
            Self::Job => "Job",
        }
    }

    /// The object's name.
    pub(super) fn object(self, workload: WorkloadId, run: u64) -> String {
        match self {
            Self::Job => format!("{}-r{run}", object(workload)),
            Self::Deployment | Self::StatefulSet => object(workload),
        }
    }
}

/// A pod.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct PodRecord {
    pub(super) uid: Box<str>,
    pub(super) workload: WorkloadId,
    pub(super) namespace: Box<str>,
    pub(super) name: Box<str>,
    pub(super) run: u64,
    /// Seconds since 1970.
    pub(super) created: i64,
    pub(super) deleting: bool,
    pub(super) over: Option<Box<str>>,
    pub(super) ready: bool,
    /// It was ready once.
    pub(super) was_ready: bool,
    pub(super) container: Container,
    pub(super) restarts: i32,
    /// How the container ended before this life of it.
    pub(super) last_exit: Option<Box<Exit>>,
    /// Why no node takes it.
    pub(super) unschedulable: Option<Box<str>>,
    /// Why a step before the container keeps it from beginning.
    pub(super) stuck: Option<Box<str>>,
    /// Why it isn't ready.
    pub(super) unready: Option<Box<str>>,
}

/// What the container does.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Container {
    /// Nothing yet.
    Unknown,
    /// It waits: the reason and what is said of it.
    Waiting(Box<str>, Box<str>),
    /// It runs.
    Running,
    /// It has ended.
    Ended(Box<Exit>),
}

/// The service of a workload.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ServiceRecord {
    pub(super) uid: Box<str>,
    pub(super) workload: WorkloadId,
}

/// A namespace of an application.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct NamespaceRecord {
    pub(super) uid: Box<str>,
    pub(super) application: ApplicationId,
    pub(super) name: Box<str>,
    pub(super) deleting: bool,
}

impl Watched for Controller {
    fn uid(&self) -> &str {
        &self.uid
    }

    fn owner(&self) -> Uuid {
        self.workload.0
    }
}

impl Watched for ServiceRecord {
    fn uid(&self) -> &str {
        &self.uid
    }

    fn owner(&self) -> Uuid {
        self.workload.0
    }
}

impl ServiceRecord {
    pub(super) fn of(service: &Service) -> Option<Self> {
        // One that is being deleted serves nobody any more.
        let meta = Some(&service.metadata).filter(|meta| meta.deletion_timestamp.is_none())?;
        Some(Self { uid: boxed(meta.uid.as_deref()), workload: workload(meta)? })
    }
}

impl Watched for NamespaceRecord {
    fn uid(&self) -> &str {
        &self.uid
    }

    fn owner(&self) -> Uuid {
        self.application.0
    }
}

impl Watched for PodRecord {
    fn uid(&self) -> &str {
        &self.uid
    }

    fn owner(&self) -> Uuid {
        self.workload.0
    }

    /// Between two tries to pull an image only "back-off" is said; why it
    /// failed was said before.
    fn after(&mut self, earlier: &Self) {
        self.was_ready |= earlier.was_ready;
        if let (Container::Waiting(reason, said), Container::Waiting(_, before)) = (&self.container, &earlier.container)
            && &**reason == "ImagePullBackOff"
            && !before.starts_with("Back-off")
        {
            self.container =
                Container::Waiting(reason.clone(), if before.is_empty() { said.clone() } else { before.clone() });
        }
    }
}

fn label<T: From<Uuid>>(labels: Option<&BTreeMap<String, String>>, key: &str) -> Option<T> {
    Uuid::parse_str(labels?.get(key)?).ok().map(T::from)
}

struct Id(Uuid);
impl From<Uuid> for Id {
    fn from(id: Uuid) -> Self {
        Self(id)
    }
}

pub(super) fn workload(meta: &ObjectMeta) -> Option<WorkloadId> {
    label::<Id>(meta.labels.as_ref(), WORKLOAD).map(|id| WorkloadId(id.0))
}

pub(super) fn application(meta: &ObjectMeta) -> Option<ApplicationId> {
    label::<Id>(meta.labels.as_ref(), APPLICATION).map(|id| ApplicationId(id.0))
}

pub(super) fn run(annotations: Option<&BTreeMap<String, String>>) -> u64 {
    annotations.and_then(|all| all.get(RUN)).and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn boxed(text: Option<&str>) -> Box<str> {
    text.unwrap_or_default().into()
}

impl Controller {
    fn new(meta: &ObjectMeta, template: Option<&PodTemplateSpec>) -> Option<Self> {
        // What a package of manifests brings has no ordinal: it is judged otherwise.
        meta.labels.as_ref()?.get(ORDINAL)?;
        Some(Self {
            uid: boxed(meta.uid.as_deref()),
            version: meta.resource_version.as_deref().and_then(|it| it.parse().ok()).unwrap_or(0),
            workload: workload(meta)?,
            application: application(meta),
            namespace: boxed(meta.namespace.as_deref()),
            component: boxed(meta.labels.as_ref().and_then(|all| all.get(COMPONENT)).map(String::as_str)),
            hosted: boxed(meta.annotations.as_ref().and_then(|all| all.get(HOSTED)).map(String::as_str)),
            kind: Makes::Deployment,
            listens: template?.spec.as_ref().is_some_and(|it| it.containers.iter().any(|one| one.ports.is_some())),
            run: run(template?.metadata.as_ref()?.annotations.as_ref()),
            replicas: 1,
            deleting: meta.deletion_timestamp.is_some(),
            failure: None,
            done: None,
        })
    }

    pub(super) fn of_deployment(deployment: &Deployment) -> Option<Self> {
        let spec = &deployment.spec;
        let conditions = deployment.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let failure = conditions
            .filter(|one| one.type_.as_deref() == Some("ReplicaFailure") && one.status.as_deref() == Some("True"))
            .find_map(|one| one.message.as_deref().map(Into::into));
        let new = Self::new(&deployment.metadata, Some(&spec.template))?;
        Some(Self { replicas: spec.replicas.unwrap_or(1), failure, ..new })
    }

    pub(super) fn of_stateful_set(set: &StatefulSet) -> Option<Self> {
        let spec = &set.spec;
        let new = Self::new(&set.metadata, Some(&spec.template))?;
        Some(Self { replicas: spec.replicas.unwrap_or(1), kind: Makes::StatefulSet, ..new })
    }

    pub(super) fn of_job(job: &Job) -> Option<Self> {
        let spec = job.spec.as_ref()?;
        let conditions = || job.status.iter().flat_map(|status| status.conditions.iter().flatten());
        let holds = |kind: &str| conditions().find(|one| one.type_ == kind && one.status == "True");
        let done = holds("Complete").map(|one| time(one.last_transition_time.as_ref()));
        let failure = holds("Failed").map(|one| boxed(one.message.as_deref()));
        let new = Self::new(&job.metadata, Some(&spec.template))?;
        Some(Self { kind: Makes::Job, replicas: spec.parallelism.unwrap_or(1), failure, done, ..new })
    }

    /// The object's name.
    pub(super) fn object(&self) -> String {
        self.kind.object(self.workload, self.run)
    }
}

impl NamespaceRecord {
    pub(super) fn of(namespace: &Namespace) -> Option<Self> {
        let meta = &namespace.metadata;
        Some(Self {
            uid: boxed(meta.uid.as_deref()),
            application: application(meta)?,
            name: boxed(meta.name.as_deref()),
            deleting: meta.deletion_timestamp.is_some(),
        })
    }
}

impl PodRecord {
    pub(super) fn of(pod: &Pod) -> Option<Self> {
        let (meta, status) = (&pod.metadata, pod.status.as_ref());
        meta.labels.as_ref()?.get(ORDINAL)?;
        let limit = memory_limit(pod);
        let statuses = status.and_then(|it| it.container_statuses.as_deref()).unwrap_or_default();
        let own = statuses.iter().find(|it| it.name == CONTAINER).or(statuses.first());
        let condition =
            |kind: &str| status.into_iter().flat_map(|it| it.conditions.iter().flatten()).find(|one| one.type_ == kind);
        let refused = condition("PodScheduled").filter(|one| one.status == "False");
        let ready = condition("Ready");
        Some(Self {
            uid: boxed(meta.uid.as_deref()),
            workload: workload(meta)?,
            namespace: boxed(meta.namespace.as_deref()),
            name: boxed(meta.name.as_deref()),
            run: run(meta.annotations.as_ref()),
            created: meta.creation_timestamp.as_ref().map_or(0, |time| time.0.as_second()),
            deleting: meta.deletion_timestamp.is_some(),
            over: over(pod),
            ready: ready.is_some_and(|one| one.status == "True"),
            was_ready: ready.is_some_and(|one| one.status == "True"),
            container: own.map_or(Container::Unknown, |it| container(it, limit)),
            restarts: own.map_or(0, |it| it.restart_count),
            last_exit: own
                .and_then(|it| it.last_state.as_ref()?.terminated.as_ref())
                .map(|ended| Box::new(exit(ended, limit))),
            unschedulable: refused.map(|one| boxed(one.message.as_deref())),
            stuck: status.and_then(|it| stuck(it.init_container_statuses.as_deref()?)),
            unready: ready.filter(|one| one.status != "True").and_then(|one| one.message.as_deref()).map(Into::into),
        })
    }

    /// Where the container stands for good: it ended once.
    pub(super) fn ended(&self) -> Option<&Exit> {
        match &self.container {
            Container::Ended(exit) => Some(exit),
            _ if self.restarts > 0 => self.last_exit.as_deref(),
            _ => None,
        }
    }
}

/// The step before the container that failed, or can't begin, with what it wrote last.
fn stuck(steps: &[ContainerStatus]) -> Option<Box<str>> {
    let failed = |status: &ContainerStatus| {
        if let Container::Waiting(reason, said) = container(status, None)
            && HOPELESS.contains(&&*reason)
        {
            return Some(format!("{reason}: {said}"));
        }
        let now = status.state.as_ref().and_then(|state| state.terminated.as_ref());
        let last = || status.last_state.as_ref().and_then(|state| state.terminated.as_ref());
        let ended = now.or_else(last).filter(|ended| ended.exit_code != 0)?;
        let said = ended.message.as_deref().unwrap_or_default().trim();
        let wrote = if said.is_empty() { String::new() } else { format!("; it wrote: {said}") };
        Some(hansa_kubernetes_client::bounded(&format!("{}{wrote}", exit(ended, None))))
    };
    let number = |status: &ContainerStatus| status.name.strip_prefix("init-")?.parse::<usize>().ok();
    steps.iter().find_map(|one| Some(format!("init step {}: {}", number(one)? + 1, failed(one)?).into()))
}

/// A pod that was ended as a whole: evicted, or its node is lost.
fn over(pod: &Pod) -> Option<Box<str>> {
    let status = pod.status.as_ref()?;
    let phase = status.phase.as_deref()?;
    if phase != "Failed" && phase != "Succeeded" {
        return None;
    }
    let words = [status.reason.as_deref(), status.message.as_deref()];
    let said: Vec<&str> = words.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    Some(if said.is_empty() { format!("its pod has {}", phase.to_lowercase()) } else { said.join(": ") }.into())
}

fn container(status: &ContainerStatus, limit: Option<u64>) -> Container {
    let Some(ContainerState { running, terminated, waiting }) = &status.state else { return Container::Unknown };
    match (running, terminated, waiting) {
        (Some(_), ..) => Container::Running,
        (_, Some(ended), _) => Container::Ended(Box::new(exit(ended, limit))),
        (.., Some(waiting)) => Container::Waiting(boxed(waiting.reason.as_deref()), boxed(waiting.message.as_deref())),
        _ => Container::Unknown,
    }
}

fn time(at: Option<&Time>) -> DateTime<Utc> {
    at.and_then(|at| DateTime::from_timestamp(at.0.as_second(), 0)).unwrap_or(DateTime::UNIX_EPOCH)
}

fn exit(ended: &ContainerStateTerminated, limit: Option<u64>) -> Exit {
    // 128 and the signal's number, as shells and the node's agent count.
    let signal = ended.signal.filter(|number| *number > 0);
    let signal = signal.or_else(|| (ended.exit_code > 128 && ended.exit_code < 160).then(|| ended.exit_code - 128));
    let reason = ended.reason.as_deref().unwrap_or_default();
    let starved = reason == "OOMKilled";
    let told = [Some(reason), ended.message.as_deref()];
    let told: Vec<&str> = told.into_iter().flatten().filter(|word| !word.is_empty()).collect();
    // What could not even be started has a code that says nothing.
    let unstarted = matches!(reason, "ContainerCannotRun" | "StartError");
    Exit {
        at: time(ended.finished_at.as_ref()),
        code: (signal.is_none() && !unstarted).then_some(ended.exit_code),
        signal: signal.filter(|_| !unstarted),
        out_of_memory_mib: starved.then_some(limit.unwrap_or(0)),
        detail: unstarted.then(|| hansa_kubernetes_client::bounded(&told.join(": "))),
    }
}

/// The limit of the component's container, MiB.
fn memory_limit(pod: &Pod) -> Option<u64> {
    let containers = &pod.spec.as_ref()?.containers;
    let own = containers.iter().find(|it| it.name == CONTAINER).or(containers.first())?;
    let quantity = &own.resources.as_ref()?.limits.as_ref()?.get("memory")?.0;
    quantity
        .strip_suffix("Mi")?
        .parse()
        .ok()
        .or_else(|| quantity.strip_suffix("Gi")?.parse().ok().map(|it: u64| it * 1024))
}
