//! Packages that are Helm charts: rendered beside everything else, since a
//! chart may have to be fetched first, and then brought as manifests are.

use super::{
    Kubernetes, documents,
    helm::{self, Capabilities, Chart, Rendering},
    hooks::Bundle,
    manifests, refused,
    settings::Settings,
};
use crate::{WdmError, connectors::Launch, model::WorkloadSpec};
use hansa_ontology::{
    WorkloadId,
    resource_model::{ChartFault, ChartSource, HelmPackage},
};
use hansa_repository::system::{SystemError, SystemErrorKind};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};
use tokio::sync::Semaphore;

/// So many charts are rendered side by side.
const SIDE_BY_SIDE: usize = 2;
/// So long what came of a chart is kept for a start that goes on.
const KEPT: Duration = Duration::from_secs(30 * 60);
/// So long what a cluster can do is taken as known.
const KNOWN: Duration = Duration::from_secs(60);
/// The longest name of a release (Helm's own rule).
const LONGEST_NAME: usize = 53;
/// Of so many versions of foreign groups the kinds are told, by one call each.
const GROUPS: usize = 40;

/// Charts that are being rendered for a start, or have been.
#[derive(Debug)]
pub(super) struct Charts {
    turns: Arc<Mutex<HashMap<WorkloadId, Turn>>>,
    room: Arc<Semaphore>,
    known: Mutex<Option<(Instant, Capabilities)>>,
}

impl Default for Charts {
    fn default() -> Self {
        Self { turns: Arc::default(), room: Arc::new(Semaphore::new(SIDE_BY_SIDE)), known: Mutex::default() }
    }
}

#[derive(Debug)]
struct Turn {
    run: u64,
    begun: Instant,
    /// None while it goes on.
    outcome: Option<Result<Arc<str>, SystemError>>,
}

impl Charts {
    fn turns(&self) -> std::sync::MutexGuard<'_, HashMap<WorkloadId, Turn>> {
        self.turns.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What came of the chart for this run. None where nobody has asked yet.
    fn found(&self, id: WorkloadId, run: u64) -> Option<Option<Result<Arc<str>, SystemError>>> {
        let mut turns = self.turns();
        turns.retain(|_, turn| turn.begun.elapsed() < KEPT);
        let turn = turns.get(&id).filter(|turn| turn.run == run)?;
        let outcome = turn.outcome.clone();
        if matches!(outcome, Some(Err(_))) {
            turns.remove(&id);
        }
        Some(outcome)
    }

    fn begin(&self, id: WorkloadId, run: u64, system: String, rendering: Rendering) {
        self.turns().insert(id, Turn { run, begun: Instant::now(), outcome: None });
        let (turns, room) = (Arc::clone(&self.turns), Arc::clone(&self.room));
        tokio::spawn(async move {
            let _place = room.acquire().await;
            let outcome = helm::render(&system, &rendering).await.map(Arc::from);
            let mut turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(turn) = turns.get_mut(&id).filter(|turn| turn.run == run) {
                turn.outcome = Some(outcome);
            }
        });
    }

    /// For how long this run has been on its way.
    pub(super) fn since(&self, id: WorkloadId, run: u64) -> Duration {
        self.turns().get(&id).filter(|turn| turn.run == run).map_or(Duration::ZERO, |turn| turn.begun.elapsed())
    }

    fn forget(&self, id: WorkloadId) {
        self.turns().remove(&id);
    }
}

fn invalid(fault: ChartFault) -> WdmError {
    let field = if fault.field.is_empty() { String::new() } else { format!(".{}", fault.field) };
    WdmError::Invalid { field: format!("package.helm{field}"), problem: fault.problem.to_owned() }
}

/// Whether an address lies under one that the owner has listed.
fn is_listed(address: &str, sources: &[String]) -> bool {
    sources.iter().any(|source| {
        let rest = address.strip_prefix(source.trim_end_matches('/'));
        source == "any" || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

/// What can't be brought, before anything is made of it.
pub(super) fn check(
    system: &str,
    spec: &WorkloadSpec,
    package: &HelmPackage,
    settings: &Settings,
) -> Result<(), WdmError> {
    manifests::check_said(spec, "chart or its values")?;
    let source = package.source().map_err(invalid)?;
    if spec.component.len() > LONGEST_NAME {
        let problem = format!("is the release's name, which has at most {LONGEST_NAME} letters: choose a shorter one");
        return Err(WdmError::Invalid { field: "component".to_owned(), problem });
    }
    if let Some(address) = source.address().filter(|address| !is_listed(address, &settings.chart_sources)) {
        let remedy = format!(
            "its owner has not listed {address} in the setting `chartSources`: have it listed, or give the packed \
             chart as `archive`"
        );
        return Err(refused(system, SystemErrorKind::Forbidden, "fetch the chart".to_owned(), remedy).into());
    }
    if helm::program().is_none() {
        return Err(helm::absent(system).into());
    }
    Ok(())
}

impl Kubernetes {
    /// Renders, and applies what comes of it. What takes long goes on in the
    /// background: until then the run is not begun, and the next call goes on.
    pub(super) async fn deploy_chart(&self, launch: &Launch, package: &HelmPackage) -> Result<(), WdmError> {
        let (spec, run) = (&launch.spec, launch.run);
        let known = self.cache.inventory(spec.id);
        if known.as_ref().is_some_and(|it| it.run >= run && !it.stopped) {
            return Ok(());
        }
        let upgrade = known.as_ref().is_some_and(|it| it.run > 0);
        let namespace = self.namespace(spec).await?;
        let Some(found) = self.charts.found(spec.id, run) else {
            if let Some(inventory) = &known {
                // What runs is of an earlier run, and is not taken for this one.
                self.stop_manifests(inventory).await?;
            }
            let rendering = self.rendering(spec, package, &namespace, upgrade).await?;
            self.charts.begin(spec.id, run, self.cluster.system().to_owned(), rendering);
            return Ok(());
        };
        let Some(outcome) = found else { return Ok(()) };
        let objects = documents::of_chart(&outcome?, &namespace, self.settings.cluster_scoped)?;
        let begun = self.deploy_bundle(launch, &namespace, &Bundle::of_chart(objects, upgrade)).await;
        if !matches!(begun, Ok(false)) {
            self.charts.forget(spec.id);
        }
        begun.map(drop)
    }

    async fn rendering(
        &self,
        spec: &WorkloadSpec,
        package: &HelmPackage,
        namespace: &str,
        upgrade: bool,
    ) -> Result<Rendering, WdmError> {
        let source: ChartSource<'_> = package.source().map_err(invalid)?;
        let source = Chart::of(&source).ok_or_else(|| {
            invalid(ChartFault { field: "archive", problem: "is no base64: write it by `base64 < shop-1.2.3.tgz`" })
        })?;
        Ok(Rendering {
            release: spec.component.clone(),
            namespace: namespace.to_owned(),
            source,
            values: serde_json::Value::Object(package.values.clone()).to_string(),
            crds: package.crds,
            upgrade,
            cluster: self.capabilities().await?,
        })
    }

    /// What the cluster is, as charts ask for it: its version, its API's
    /// groups, and the kinds of those that are not of Kubernetes itself.
    async fn capabilities(&self) -> Result<Capabilities, SystemError> {
        let known = self.charts.known.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, known)) = known.filter(|(at, _)| at.elapsed() < KNOWN) {
            return Ok(known);
        }
        let (client, action) = (self.cluster.client(), "ask what it can do");
        let version = self.cluster.call(action, client.apiserver_version()).await?.git_version;
        let groups = self.cluster.call(action, client.list_api_groups()).await?;
        let all: Vec<String> =
            groups.groups.into_iter().flat_map(|it| it.versions).map(|it| it.group_version).collect();
        let mut apis = all.clone();
        apis.push("v1".to_owned());
        let foreign =
            |api: &&String| api.split('/').next().is_some_and(|it| it.contains('.') && !it.ends_with(".k8s.io"));
        for api in all.iter().filter(foreign).take(GROUPS) {
            // A group whose own server is away is not there for a chart either.
            if let Ok(kinds) = self.cluster.call(action, client.list_api_group_resources(api)).await {
                let names = kinds.resources.iter().filter(|it| !it.name.contains('/'));
                apis.extend(names.map(|it| format!("{api}/{}", it.kind)));
            }
        }
        let found = Capabilities { version, apis };
        *self.charts.known.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), found.clone()));
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_lies_under_a_listed_one_at_a_border() {
        let listed = ["oci://registry.example/charts/".to_owned(), "https://charts.example".to_owned()];
        assert!(is_listed("oci://registry.example/charts/shop", &listed));
        assert!(is_listed("https://charts.example", &listed));
        assert!(!is_listed("https://charts.example.evil/shop.tgz", &listed));
        assert!(!is_listed("oci://registry.example/chartsandmore", &listed));
        assert!(!is_listed("oci://registry.example/charts", &[]));
        assert!(is_listed("oci://anywhere.example/shop", &["any".to_owned()]));
    }
}
