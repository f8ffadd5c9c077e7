//! Clusters that speak the Kubernetes API: what they are, what their nodes can
//! give, and what others than this broker use of them.

mod quantity;

use super::ClusterConnector;
use async_trait::async_trait;
use chrono::{DateTime, Utc};
use hansa_kubernetes_client::{Cluster, thousandths};
use hansa_repository::system::{
    Connecting, Host, HostState, Room, SystemConnection, SystemError, SystemErrorKind, SystemQuota, SystemReport,
};
use k8s_openapi::{
    api::{
        core::v1::{Node, Pod, ResourceQuota},
        storage::v1::StorageClass,
    },
    apimachinery::pkg::api::resource::Quantity,
};
use kube::{
    Api, Resource, ResourceExt as _,
    api::{ListParams, ObjectList},
};
use quantity::{most, plus, saturated};
use serde::de::DeserializeOwned;
use std::{collections::BTreeMap, fmt::Debug, net::IpAddr, sync::Arc};

/// What this broker has made has this label, with the broker's id.
const BROKER: &str = "hansa.internal/broker";
/// Objects in one answer of a list.
const PAGE: u32 = 500;
const NOTHING: Room = Room { cpu_milli: 0, memory_mib: 0, disk_mib: 0, gpus: 0 };

/// One cluster.
#[derive(Debug)]
struct Kubernetes {
    cluster: Cluster,
    connection: SystemConnection,
}

/// Makes the connector of a system. The cluster is asked nothing.
pub(super) fn connect(connection: SystemConnection) -> Connecting<dyn ClusterConnector> {
    Box::pin(async move {
        let cluster = Cluster::connect(&connection).await?;
        Ok(Arc::new(Kubernetes { cluster, connection }) as Arc<dyn ClusterConnector>)
    })
}

#[async_trait]
impl ClusterConnector for Kubernetes {
    async fn discover(&self, now: DateTime<Utc>) -> Result<SystemReport, SystemError> {
        let client = self.cluster.client();
        let version = self.cluster.call("ask for its version", client.apiserver_version()).await?;
        let mut report = SystemReport::new(now, format!("Kubernetes {}", version.git_version));
        let groups = self.cluster.call("list its API groups", client.list_api_groups()).await?;
        report.capabilities.extend(groups.groups.into_iter().filter_map(|group| capability(&group.name)));
        let nodes: Vec<Node> = match self.all("nodes").await {
            Ok(nodes) => nodes,
            Err(error) if error.kind == SystemErrorKind::Forbidden => {
                report.notes.push(format!("its nodes can't be seen, so that it has none to offer: {error}"));
                return Ok(report);
            }
            Err(error) => return Err(error),
        };
        let used = match self.all::<Pod>("pods").await {
            Ok(pods) => self.used(&pods),
            Err(error) => {
                report.notes.push(format!("what others use of it is not known: {error}"));
                BTreeMap::new()
            }
        };
        let front = self.front().await?;
        report.hosts = nodes.iter().map(|node| self.host(node, &used, front)).collect();
        match self.all::<StorageClass>("storage classes").await {
            Ok(classes) => {
                report.capabilities.extend(classes.iter().map(|one| format!("storage-class {}", one.name_any())))
            }
            Err(error) => report.notes.push(format!("its storage classes can't be seen: {error}")),
        }
        if let Some(namespace) = self.connection.setting("namespace") {
            self.quotas(namespace, &mut report).await;
        }
        Ok(report)
    }
}

impl Kubernetes {
    /// All of a kind, page by page.
    async fn all<K>(&self, what: &str) -> Result<Vec<K>, SystemError>
    where
        K: Resource<DynamicType = ()> + Clone + DeserializeOwned + Debug,
    {
        let (api, mut all, mut next) = (Api::<K>::all(self.cluster.client()), Vec::new(), None);
        loop {
            let mut which = ListParams::default().limit(PAGE);
            which.continue_token = next.take();
            let page: ObjectList<K> = self.cluster.call(&format!("list its {what}"), api.list(&which)).await?;
            all.extend(page.items);
            next = page.metadata.continue_.filter(|token| !token.is_empty());
            if next.is_none() {
                return Ok(all);
            }
        }
    }

    /// What pods of others ask for, by node. A pod that is over uses nothing.
    fn used(&self, pods: &[Pod]) -> BTreeMap<String, Room> {
        let mut used: BTreeMap<String, Room> = BTreeMap::new();
        for pod in pods {
            let ours = pod.labels().get(BROKER).is_some_and(|id| **id == *self.connection.broker);
            let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
            let (Some(spec), false) = (&pod.spec, ours || matches!(phase, Some("Succeeded" | "Failed"))) else {
                continue;
            };
            let Some(node) = &spec.node_name else { continue };
            let asked = |container: &k8s_openapi::api::core::v1::Container| {
                let requests = container.resources.as_ref().and_then(|it| it.requests.as_ref());
                requests.map_or(NOTHING, |all| self.room(all))
            };
            let together = spec.containers.iter().map(asked).fold(NOTHING, plus);
            // Those that come first run one after the other.
            let first = spec.init_containers.iter().flatten().map(asked).fold(NOTHING, most);
            let overhead = spec.overhead.as_ref().map_or(NOTHING, |all| self.room(all));
            let sum = used.entry(node.clone()).or_default();
            *sum = plus(*sum, plus(most(together, first), overhead));
        }
        used
    }

    fn room(&self, amounts: &BTreeMap<String, Quantity>) -> Room {
        let gpu = self.connection.setting("gpuResource").unwrap_or("nvidia.com/gpu");
        let of = |name: &str| amounts.get(name).and_then(|quantity| thousandths(&quantity.0)).unwrap_or(0);
        let mebibytes = |name: &str| saturated(of(name) / (1_000 * 1_048_576));
        Room {
            cpu_milli: saturated(of("cpu")),
            memory_mib: mebibytes("memory"),
            disk_mib: mebibytes("ephemeral-storage"),
            gpus: saturated(of(gpu) / 1_000),
        }
    }

    fn host(&self, node: &Node, used: &BTreeMap<String, Room>, front: Option<IpAddr>) -> Host {
        let (name, status) = (node.name_any(), node.status.as_ref());
        let allocatable = status.and_then(|it| it.allocatable.as_ref());
        let mut facts = BTreeMap::new();
        if let Some(info) = status.and_then(|it| it.node_info.as_ref()) {
            facts.insert("kubelet".to_owned(), info.kubelet_version.clone());
            facts.insert("system".to_owned(), info.os_image.clone());
            facts.insert("kernel".to_owned(), info.kernel_version.clone());
            facts.insert("runtime".to_owned(), info.container_runtime_version.clone());
            facts.insert("architecture".to_owned(), info.architecture.clone());
        }
        Host {
            address: front.or_else(|| address(node)),
            state: state(node),
            capacity: allocatable.map_or(NOTHING, |all| self.room(all)),
            used_by_others: used.get(&name).copied().unwrap_or_default(),
            labels: node.labels().clone(),
            power_watts: None,
            temperature_celsius: None,
            facts,
            name,
        }
    }

    /// The setting `nodeAddress`: one for all nodes, such as a balancer before them.
    async fn front(&self) -> Result<Option<IpAddr>, SystemError> {
        let Some(given) = self.connection.setting("nodeAddress") else { return Ok(None) };
        if let Ok(address) = given.parse() {
            return Ok(Some(address));
        }
        match tokio::net::lookup_host((given, 0)).await.map(|mut found| found.next()) {
            Ok(Some(socket)) => Ok(Some(socket.ip())),
            found => Err(SystemError {
                system: self.connection.system.name.clone(),
                kind: SystemErrorKind::Invalid,
                action: "read its setting `nodeAddress`".to_owned(),
                said: found.err().map(|error| error.to_string()).unwrap_or_default(),
                remedy: format!("`{given}` is no address and no name that has one"),
            }),
        }
    }

    async fn quotas(&self, namespace: &str, report: &mut SystemReport) {
        let api: Api<ResourceQuota> = Api::namespaced(self.cluster.client(), namespace);
        match self.cluster.call("list its quotas", api.list(&ListParams::default())).await {
            Ok(list) => report.quotas.extend(list.items.iter().flat_map(quota)),
            Err(error) => report.notes.push(format!("its quotas can't be seen: {error}")),
        }
    }
}

/// Each amount of a quota that can be counted. Memory is counted in MiB, processors in thousandths.
fn quota(of: &ResourceQuota) -> Vec<SystemQuota> {
    let Some(status) = &of.status else { return Vec::new() };
    let (hard, used) = (status.hard.clone().unwrap_or_default(), status.used.clone().unwrap_or_default());
    let counted = |name: &str, quantity: &Quantity| {
        let amount = thousandths(&quantity.0)?;
        Some(saturated(match name.rsplit('.').next() {
            Some("cpu") => amount,
            Some("memory" | "storage" | "ephemeral-storage") => amount / (1_000 * 1_048_576),
            _ => amount / 1_000,
        }))
    };
    let unit = |name: &str| match name.rsplit('.').next() {
        Some("cpu") => " (thousandths)",
        Some("memory" | "storage" | "ephemeral-storage") => " (MiB)",
        _ => "",
    };
    hard.iter()
        .map(|(name, limit)| SystemQuota {
            name: format!("{}: {name}{}", of.name_any(), unit(name)),
            limit: counted(name, limit),
            used: used.get(name).and_then(|it| counted(name, it)).unwrap_or(0),
        })
        .collect()
}

fn state(node: &Node) -> HostState {
    let conditions = node.status.iter().flat_map(|status| status.conditions.iter().flatten());
    let said = |message: &Option<String>, else_: &str| message.clone().unwrap_or_else(|| else_.to_owned());
    match conditions.clone().find(|one| one.type_ == "Ready") {
        Some(ready) if ready.status == "True" => {}
        Some(ready) => return HostState::Down { reason: said(&ready.message, "it is not ready") },
        None => return HostState::Down { reason: "it has not yet said that it is ready".to_owned() },
    }
    let spec = node.spec.clone().unwrap_or_default();
    if spec.unschedulable == Some(true) {
        return HostState::Closed { reason: "it is cordoned (kubectl uncordon opens it)".to_owned() };
    }
    let closing = |effect: &str| matches!(effect, "NoSchedule" | "NoExecute");
    match spec.taints.unwrap_or_default().into_iter().find(|taint| closing(&taint.effect)) {
        Some(taint) => HostState::Closed { reason: format!("it is tainted: {} ({})", taint.key, taint.effect) },
        None => HostState::Ready,
    }
}

/// Where what a node exposes is reached, as the node says of itself.
fn address(node: &Node) -> Option<IpAddr> {
    let all = node.status.iter().flat_map(|status| status.addresses.iter().flatten());
    let of = |kind: &str| all.clone().filter(|one| one.type_ == kind).find_map(|one| one.address.parse().ok());
    of("ExternalIP").or_else(|| of("InternalIP"))
}

/// API groups that say what can be done with a cluster.
fn capability(group: &str) -> Option<String> {
    let known = [
        ("gateway.networking.k8s.io", "gateway-api"),
        ("metrics.k8s.io", "metrics"),
        ("networking.k8s.io", "network-policies"),
        ("autoscaling", "autoscaling"),
        ("snapshot.storage.k8s.io", "volume-snapshots"),
        ("cert-manager.io", "cert-manager"),
        ("cluster.x-k8s.io", "cluster-api"),
        ("kubevirt.io", "kubevirt"),
        ("monitoring.coreos.com", "prometheus-operator"),
    ];
    known.iter().find(|(name, _)| *name == group).map(|(_, word)| (*word).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_ready_closed_or_down() {
        let node = |json: serde_json::Value| state(&serde_json::from_value(json).unwrap());
        let ready = serde_json::json!([{ "type": "Ready", "status": "True" }]);
        assert_eq!(node(serde_json::json!({ "metadata": {}, "status": { "conditions": ready } })), HostState::Ready);
        let cordoned =
            serde_json::json!({ "metadata": {}, "spec": { "unschedulable": true }, "status": { "conditions": ready } });
        assert!(matches!(node(cordoned), HostState::Closed { .. }));
        let silent = serde_json::json!([{ "type": "Ready", "status": "Unknown", "message": "Kubelet stopped posting node status." }]);
        let down = node(serde_json::json!({ "metadata": {}, "status": { "conditions": silent } }));
        assert_eq!(down, HostState::Down { reason: "Kubelet stopped posting node status.".to_owned() });
    }
}
