//! Containers of an engine that speaks the Docker Engine API: Docker itself,
//! and Podman's socket. One container for each workload, which a new run
//! replaces; one network for each application. All that is known of them is in
//! their labels, so that a broker that was started anew finds its own.

mod container;
mod copying;
mod files;
mod images;
mod logs;
mod names;
mod networks;
mod options;
mod removal;
mod start;
mod state;
mod steps;
mod usage;
mod view;
mod volumes;

use super::{Connector, Launch, LogStream, Observation, Place, PortChoice, copying::Archive, environment::sorted};
use crate::{
    WdmError,
    model::{DiscoveryToken, LimitSupport, LogQuery, Peers, Removal, Usage, WorkloadSpec},
};
use async_trait::async_trait;
use bollard::{models::SystemInfo, query_parameters::UploadToContainerOptions};
use chrono::{DateTime, Utc};
use files::Files;
use hansa_docker::{ANSWER, Engine, WORK};
use hansa_ontology::{ApplicationId, WorkloadId};
use hansa_repository::{
    ambient::{Clock as _, SystemClock},
    system::{Connecting, SystemConnection, SystemErrorKind},
};
use images::Pulls;
use options::Options;
use state::{Phase, Seen};
use std::{
    collections::{BTreeSet, HashMap, HashSet},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Mutex as Gate, Semaphore};
use view::View;

/// So many containers are made or started side by side.
const SIDE_BY_SIDE: usize = 6;

/// The connector of one engine.
#[derive(Debug, Clone)]
pub(crate) struct Containers {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    engine: Engine,
    options: Options,
    limits: LimitSupport,
    view: Arc<View>,
    pulls: Pulls,
    work: Semaphore,
    /// Networks that are known to be there; held while one is made or removed.
    networks: Gate<BTreeSet<ApplicationId>>,
    /// What each container was told last, by [`Files::mark`]. Forgotten with
    /// the process: then each is told once more.
    told: Mutex<HashMap<WorkloadId, (String, u64)>>,
    /// Containers that were asked to end and are waited for.
    stopping: Mutex<HashSet<String>>,
}

/// For [`super::KINDS`].
pub(crate) fn connect(connection: SystemConnection) -> Connecting<dyn Connector> {
    Box::pin(async move {
        let engine = Engine::connect(&connection).await?;
        let options = Options::read(&connection, engine.is_podman()).map_err(|said| {
            let remedy = "change the system's settings";
            engine.troubles().error(SystemErrorKind::Invalid, "read its settings", &said, remedy)
        })?;
        let info = engine.ask("ask what it can do", ANSWER, engine.api().info()).await?;
        let limits = limits(&engine, &info);
        let view = View::new(engine.clone(), Arc::clone(&options.broker));
        let connector: Arc<dyn Connector> = Arc::new(Containers {
            inner: Arc::new(Inner {
                engine,
                options,
                limits,
                view,
                pulls: Pulls::default(),
                work: Semaphore::new(SIDE_BY_SIDE),
                networks: Gate::default(),
                told: Mutex::default(),
                stopping: Mutex::default(),
            }),
        });
        Ok(connector)
    })
}

/// What the engine enforces, by its own words.
fn limits(engine: &Engine, info: &SystemInfo) -> LimitSupport {
    let (cpu, memory, pids) =
        (info.cpu_cfs_quota == Some(true), info.memory_limit == Some(true), info.pids_limit == Some(true));
    let mut explanation = format!("by {}", engine.software());
    for (missing, what) in [(!cpu, "processor time"), (!memory, "memory"), (!pids, "the number of processes")] {
        if missing {
            explanation.push_str(&format!("; its kernel does not let it limit {what}"));
        }
    }
    if memory && info.swap_limit != Some(true) {
        explanation.push_str("; what goes past the memory may be swapped out");
    }
    LimitSupport { cpu, memory, pids, explanation }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    /// By this machine's clock, where the engine doesn't say when.
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now()
    }

    async fn look(&self, id: WorkloadId) -> Result<Option<Seen>, WdmError> {
        Ok(self.view.look(id, self.now()).await?)
    }

    /// Addresses as they are reached from within the application's network. A
    /// loopback address is that of the engine's machine, on which its own
    /// containers are published; inside a container it would be the container.
    fn seen_inside(&self, application: ApplicationId, peers: &Peers) -> Peers {
        let mut peers = sorted(peers);
        for endpoint in peers.values_mut().flatten().filter(|endpoint| endpoint.address.ip().is_loopback()) {
            if let Some(inside) = self.view.inside(application, endpoint.address.port()) {
                endpoint.address = inside;
            }
        }
        peers
    }

    fn files(&self, peers: &Peers, token: Option<&DiscoveryToken>) -> Result<Files, WdmError> {
        Files::new(peers, token).map_err(|source| WdmError::Damaged { path: files::peers_path().into(), source })
    }

    /// Puts files into a container, running or not.
    async fn put(&self, container: &str, archive: std::io::Result<Vec<u8>>) -> Result<(), WdmError> {
        let archive = archive.map_err(WdmError::io("pack", files::peers_path()))?;
        let options = UploadToContainerOptions { path: "/".to_owned(), ..UploadToContainerOptions::default() };
        let body = bollard::body_full(archive.into());
        let call = self.engine.api().upload_to_container(container, Some(options), body);
        Ok(self.engine.ask(&format!("put its files into container {container}"), WORK, call).await?)
    }

    async fn tell(&self, place: &Place, peers: &Peers, token: Option<&DiscoveryToken>) -> Result<(), WdmError> {
        let Some(seen) = self.look(place.workload).await?.filter(|seen| seen.phase.is_up()) else { return Ok(()) };
        let peers = match seen.application {
            Some(application) => self.seen_inside(application, peers),
            None => sorted(peers),
        };
        let files = self.files(&peers, token)?;
        let mark = (seen.id.clone(), files.mark());
        if locked(&self.told).get(&place.workload) == Some(&mark) {
            return Ok(());
        }
        self.put(&seen.id, files.archive()).await?;
        locked(&self.told).insert(place.workload, mark);
        Ok(())
    }

    fn check(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        let invalid = |field: &str, problem: &str| {
            Err(WdmError::Invalid { field: field.to_owned(), problem: problem.to_owned() })
        };
        let Some(package) = container::package(spec) else { return Err(self.options.refuses(spec)) };
        if package.image.trim().is_empty() || package.image.contains(char::is_whitespace) {
            return invalid("package.container.image", "names no image; write one such as registry.example/shop:1.2");
        }
        if let Some(name) = spec.ports.iter().find_map(|(name, port)| port.host.as_ref().map(|_| name)) {
            let field = format!("ports.{name}.host");
            return invalid(&field, "needs a system with an ingress, and an engine has none: leave it out");
        }
        let texts = package
            .command
            .iter()
            .chain(&package.arguments)
            .chain(spec.environment.values())
            .chain(spec.environment.keys());
        if texts.into_iter().any(|text| text.contains('\0')) {
            return invalid("package.container.command", "or `environment` holds a zero byte; remove it");
        }
        if spec.environment.keys().any(|key| key.is_empty() || key.contains('=')) {
            return invalid("environment", "has a name that is empty or holds `=`");
        }
        let name = |name: &String| {
            let fits = |letter: u8| letter.is_ascii_alphanumeric() || matches!(letter, b'-' | b'_' | b'.');
            !name.is_empty() && name.len() <= 63 && !name.starts_with('.') && name.bytes().all(fits)
        };
        let names = || spec.volumes.keys().chain(spec.ports.keys()).chain(spec.files.keys());
        if !name(&spec.component) || !names().all(name) {
            return invalid(
                "component",
                "the name of a port, a volume or files is none: use letters, digits and hyphens",
            );
        }
        Ok(())
    }
}

#[async_trait]
impl Connector for Containers {
    fn limits(&self) -> LimitSupport {
        self.inner.limits.clone()
    }

    fn check(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        self.inner.check(spec)
    }

    fn ports(&self) -> PortChoice {
        if self.inner.engine.address().is_socket() { PortChoice::Here } else { PortChoice::Elsewhere }
    }

    async fn start(&self, launch: &Launch) -> Result<(), WdmError> {
        self.inner.start(launch).await
    }

    async fn clear(&self, _: &Place) -> Result<(), WdmError> {
        // A container leaves nothing behind that lives.
        Ok(())
    }

    async fn tell(&self, place: &Place, peers: &Peers, token: Option<&DiscoveryToken>) -> Result<(), WdmError> {
        self.inner.tell(place, peers, token).await
    }

    async fn observe(&self, place: &Place) -> Result<Observation, WdmError> {
        let seen = self.inner.look(place.workload).await?;
        let local = self.inner.engine.address().is_socket();
        Ok(state::observation(seen.as_ref(), &self.inner.limits, local))
    }

    async fn usage(&self, place: &Place) -> Result<Option<Usage>, WdmError> {
        match self.inner.look(place.workload).await? {
            Some(Seen { id, phase: Phase::Running(_), .. }) => {
                Ok(usage::usage(&self.inner.engine, &id, self.inner.now()).await?)
            }
            _ => Ok(None),
        }
    }

    async fn stop(&self, place: &Place, force: bool) -> Result<(), WdmError> {
        Inner::stop(&self.inner, place, force).await
    }

    async fn remove(&self, place: &Place, force: bool) -> Result<Removal, WdmError> {
        Inner::remove(&self.inner, place, force).await
    }

    async fn logs(&self, place: &Place, query: LogQuery) -> Result<LogStream, WdmError> {
        Ok(logs::stream(self.inner.engine.clone(), Arc::clone(&self.inner.options.broker), place.workload, query))
    }

    async fn found(&self) -> Result<Vec<Place>, WdmError> {
        let all = self.inner.view.all().await?;
        let place = |(workload, application)| Place { workload, application, directory: PathBuf::new() };
        Ok(all.into_iter().map(place).collect())
    }

    async fn volumes_remove(&self, application: ApplicationId, component: &str, ordinal: u32) -> Result<(), WdmError> {
        self.inner.volumes_remove(application, component, ordinal).await
    }

    /// Podman packs a volume under another name than Docker: it is left where it is.
    fn copies(&self) -> bool {
        !self.inner.options.podman
    }

    async fn volume_read(&self, spec: &WorkloadSpec, volume: &str, _: Option<i64>) -> Result<Archive, WdmError> {
        self.inner.volume_read(spec, volume).await
    }

    async fn copy_discard(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        self.inner.copy_discard(spec).await
    }

    async fn copy_begin(&self, spec: &WorkloadSpec, _: i64) -> Result<(), WdmError> {
        self.inner.copy_begin(spec).await
    }

    async fn volume_write(&self, spec: &WorkloadSpec, _: &str, _: i64, archive: Archive) -> Result<(), WdmError> {
        self.inner.volume_write(spec, archive).await
    }

    async fn copy_finish(&self, spec: &WorkloadSpec, _: i64) -> Result<(), WdmError> {
        // They are in their place already; nothing uses them before they are called whole.
        self.inner.copy_end(spec).await
    }

    async fn copy_end(&self, spec: &WorkloadSpec) -> Result<(), WdmError> {
        self.inner.copy_end(spec).await
    }

    async fn retire(&self, application: ApplicationId) -> Result<(), WdmError> {
        self.inner.retire(application).await
    }
}
