//! What an owner may set for a cluster, by name.

use hansa_kubernetes_client::SETTINGS;
use hansa_repository::system::{HOST_SETTINGS, SettingFault, SystemConnection, SystemError, SystemErrorKind};
use std::collections::BTreeMap;

/// How ports of workloads are reached from outside the cluster.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Exposure {
    /// On each node, by a number that the cluster gives.
    NodePort,
    /// Inside the cluster's own network only.
    ClusterIp,
    /// By an address that the cluster's provider gives.
    LoadBalancer,
}

/// Whom a workload's network policy lets in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Admission {
    /// The application's own pods; others to the ports that the component declares.
    Declared,
    /// The application's own pods; others to its public ports.
    Public,
    /// There is no policy.
    Off,
}

/// What pods may do besides computing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PodSecurity {
    /// As images wish, without a service account's token.
    Baseline,
    /// The profile `restricted` of the Pod Security Standards.
    Restricted,
}

/// The settings of one system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Settings {
    pub(super) exposure: Exposure,
    pub(super) admission: Admission,
    pub(super) security: PodSecurity,
    /// The one namespace for all, where Hansa may make none.
    pub(super) namespace: Option<String>,
    /// `NAMESPACE/NAME` is copied, `NAME` is expected to be there.
    pub(super) pull_secrets: Vec<String>,
    pub(super) storage_class: Option<String>,
    pub(super) runtime_class: Option<String>,
    /// The name of the resource that is a graphics processor.
    pub(super) gpu: String,
    /// Seconds between the request to end and the end by force.
    pub(super) grace_s: u32,
    /// So much of what a pod may take at most is kept free for it, in percent.
    pub(super) request_percent: u64,
    /// Whether manifests may hold what belongs to no namespace.
    pub(super) cluster_scoped: bool,
    /// The class of the Ingress objects that are made; the cluster's default where there is none.
    pub(super) ingress_class: Option<String>,
    /// Below which addresses charts may be fetched; `any` for all.
    pub(super) chart_sources: Vec<String>,
}

impl Settings {
    /// Those of a connection.
    pub(super) fn read(connection: &SystemConnection) -> Result<Self, SystemError> {
        Self::of(&connection.system.settings).map_err(|SettingFault { setting, problem }| SystemError {
            system: connection.system.name.clone(),
            kind: SystemErrorKind::Invalid,
            action: format!("read its setting `{setting}`"),
            said: connection.setting(&setting).unwrap_or_default().to_owned(),
            remedy: problem,
        })
    }

    /// Reads them. `nodeAddress` and `context` are read elsewhere.
    pub(super) fn of(all: &BTreeMap<String, String>) -> Result<Self, SettingFault> {
        let wrong = |name: &str, problem: String| SettingFault { setting: name.to_owned(), problem };
        let setting = |name: &str| all.get(name).map(String::as_str);
        let known = |name: &str| SETTINGS.contains(&name) || HOST_SETTINGS.contains(&name);
        if let Some(unknown) = all.keys().find(|name| !known(name)) {
            return Err(wrong(unknown, format!("there is no such setting; name one of: {}", SETTINGS.join(", "))));
        }
        let one_of = |name: &'static str, choices: &[&str]| -> Result<usize, SettingFault> {
            let Some(given) = setting(name) else { return Ok(0) };
            let found = choices.iter().position(|choice| *choice == given);
            found.ok_or_else(|| wrong(name, format!("name one of: {}", choices.join(", "))))
        };
        let owned = |name: &str| setting(name).map(str::to_owned);
        let grace_s = match setting("gracePeriodSeconds").map(str::parse) {
            None => 10,
            Some(Ok(seconds)) if seconds <= 600 => seconds,
            Some(_) => return Err(wrong("gracePeriodSeconds", "give whole seconds, at most 600".to_owned())),
        };
        let request_percent = match setting("requestPercent").map(str::parse) {
            None => 100,
            Some(Ok(percent)) if (1..=100).contains(&percent) => percent,
            Some(_) => return Err(wrong("requestPercent", "give a whole number from 1 to 100".to_owned())),
        };
        Ok(Self {
            request_percent,
            exposure: match one_of("exposure", &["nodePort", "clusterIp", "loadBalancer"])? {
                0 => Exposure::NodePort,
                1 => Exposure::ClusterIp,
                _ => Exposure::LoadBalancer,
            },
            admission: match one_of("networkPolicy", &["declared", "public", "off"])? {
                0 => Admission::Declared,
                1 => Admission::Public,
                _ => Admission::Off,
            },
            security: match one_of("podSecurity", &["baseline", "restricted"])? {
                0 => PodSecurity::Baseline,
                _ => PodSecurity::Restricted,
            },
            namespace: owned("namespace"),
            pull_secrets: words(setting("imagePullSecrets")),
            storage_class: owned("storageClass"),
            runtime_class: owned("runtimeClass"),
            gpu: owned("gpuResource").unwrap_or_else(|| "nvidia.com/gpu".to_owned()),
            grace_s,
            cluster_scoped: one_of("clusterScoped", &["no", "yes"])? == 1,
            ingress_class: owned("ingressClass"),
            chart_sources: sources(words(setting("chartSources"))).map_err(|remedy| wrong("chartSources", remedy))?,
        })
    }
}

/// Addresses that can be below one another, or `any`.
fn sources(list: Vec<String>) -> Result<Vec<String>, String> {
    let is_one = |it: &&String| *it == "any" || it.starts_with("oci://") || it.starts_with("https://");
    match list.iter().find(|it| !is_one(it)) {
        Some(wrong) => Err(format!("`{wrong}` begins neither with oci:// nor with https://; or write `any`")),
        None => Ok(list),
    }
}

fn words(list: Option<&str>) -> Vec<String> {
    list.into_iter()
        .flat_map(|list| list.split(','))
        .map(|word| word.trim().to_owned())
        .filter(|w| !w.is_empty())
        .collect()
}
