//! Where what the nodes of a cluster expose is reached. It is found once and
//! kept beside the cluster, as long as some node has it: what runs there is
//! known to others by this address.

use super::{ClusterApi, Found, annotated, objects::ADDRESS, settings::Front};
use hansa_repository::system::SystemError;
use kube::api::{Patch, PatchParams};
use serde_json::Value;
use std::{
    net::{IpAddr, ToSocketAddrs as _},
    time::Duration,
};

/// So long a name may take to be looked up.
const LOOK_UP: Duration = Duration::from_secs(3);

impl ClusterApi {
    /// The address, which is written down where it is another than before.
    /// `known`: what was written down; empty where there was none to be found.
    pub(super) async fn address(
        &self,
        name: &str,
        found: &Found,
        known: Option<&str>,
    ) -> Result<Option<IpAddr>, SystemError> {
        let address = match self.settings.front {
            Front::Fixed(address) => Some(address),
            Front::ControlPlane => endpoint(&found.value).await,
            Front::Workers => {
                let machines = self.parts(name, "Machine", "machines").await?.unwrap_or_default();
                match chosen(&machines, known) {
                    Some(address) => Some(address),
                    None => endpoint(&found.value).await,
                }
            }
        };
        // Nobody tells it now; what was told before is better than nothing.
        let address = address.or_else(|| known?.parse().ok());
        let text = address.map(|address| address.to_string()).unwrap_or_default();
        if known != Some(&text) {
            let patch = Patch::Merge(annotated(ADDRESS, &text));
            let action = format!("write down the address of Cluster {name}");
            let (api, by_us) = (self.clusters().await?, PatchParams::default());
            self.cluster.maybe(&action, api.patch_metadata(name, &by_us, &patch)).await?;
        }
        Ok(address)
    }
}

/// Of the machines' addresses the one that is known, as long as there is one
/// that works; else of a worker before one of the control plane, reached from
/// outside before inside.
fn chosen(machines: &[Value], known: Option<&str>) -> Option<IpAddr> {
    let stays = |machine: &&Value| machine.pointer("/metadata/deletionTimestamp").is_none();
    let mut all: Vec<(bool, bool, IpAddr)> = Vec::new();
    for machine in machines.iter().filter(stays) {
        let labels = machine.pointer("/metadata/labels");
        let leads = labels.is_some_and(|labels| labels.get("cluster.x-k8s.io/control-plane").is_some());
        let addresses = machine.pointer("/status/addresses").and_then(Value::as_array);
        for one in addresses.into_iter().flatten() {
            let kind = one.get("type").and_then(Value::as_str).unwrap_or_default();
            let parsed = one.get("address").and_then(Value::as_str).and_then(|text| text.parse().ok());
            if let (Some(address), "ExternalIP" | "InternalIP") = (parsed, kind) {
                all.push((leads, kind == "InternalIP", address));
            }
        }
    }
    let known = known.and_then(|text| text.parse::<IpAddr>().ok());
    if let Some(known) = known.filter(|known| all.iter().any(|(_, _, address)| address == known)) {
        return Some(known);
    }
    all.sort();
    all.first().map(|(_, _, address)| *address)
}

/// The control plane's address, of a name the first.
async fn endpoint(cluster: &Value) -> Option<IpAddr> {
    let host = cluster.pointer("/spec/controlPlaneEndpoint/host")?.as_str()?.to_owned();
    if let Ok(address) = host.parse() {
        return Some(address);
    }
    let looked = tokio::task::spawn_blocking(move || (host.as_str(), 0).to_socket_addrs().ok()?.next());
    Some(tokio::time::timeout(LOOK_UP, looked).await.ok()?.ok()??.ip())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn machine(leads: bool, addresses: &[(&str, &str)]) -> Value {
        let labels = if leads { json!({ "cluster.x-k8s.io/control-plane": "" }) } else { json!({}) };
        let all: Vec<Value> = addresses.iter().map(|(kind, text)| json!({ "type": kind, "address": text })).collect();
        json!({ "metadata": { "labels": labels }, "status": { "addresses": all } })
    }

    #[test]
    fn an_address_stays_as_long_as_a_machine_has_it() {
        let leader = machine(true, &[("ExternalIP", "192.0.2.1")]);
        let inner = machine(false, &[("Hostname", "w"), ("InternalIP", "10.0.0.2")]);
        let outer = machine(false, &[("InternalIP", "10.0.0.3"), ("ExternalIP", "192.0.2.3")]);
        let mut going = outer.clone();
        going["metadata"]["deletionTimestamp"] = json!("2026-11-22T10:00:00Z");
        let address = |text: &str| Some(text.parse::<IpAddr>().unwrap());
        let all = [leader.clone(), inner.clone(), outer];
        assert_eq!(chosen(&all, None), address("192.0.2.3"));
        assert_eq!(chosen(&all, Some("10.0.0.2")), address("10.0.0.2"), "who knows it goes on with it");
        assert_eq!(chosen(&[leader.clone(), inner, going], Some("192.0.2.3")), address("10.0.0.2"));
        assert_eq!(chosen(&[leader], None), address("192.0.2.1"));
        assert_eq!(chosen(&[], Some("10.0.0.2")), None);
    }
}
