//! A cluster as Magnum tells of it.

use super::Magnum;
use hansa_repository::system::SystemError;
use serde::Deserialize;
use serde_json::Value;
use std::{collections::BTreeMap, net::IpAddr};

/// Clusters in one answer of a list.
const PAGE: &str = "500";
/// No project has so many pages of them.
const PAGES: usize = 100;

/// A cluster.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Cluster {
    pub(super) uuid: String,
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    pub(super) status: Option<String>,
    #[serde(default)]
    status_reason: Option<String>,
    #[serde(default)]
    faults: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    labels: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    pub(super) cluster_template_id: String,
    #[serde(default)]
    pub(super) node_count: Option<u32>,
    #[serde(default)]
    pub(super) api_address: Option<String>,
    #[serde(default)]
    node_addresses: Option<Vec<String>>,
    #[serde(default)]
    master_addresses: Option<Vec<String>>,
}

/// How far it is, by its status (`ACTION_OUTCOME`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// It is being made.
    Making,
    /// Making it has failed.
    Failed,
    /// It is there; something may be done to it.
    There,
    /// Something is being done to it just now.
    Busy,
    /// It is being deleted.
    Leaving,
    /// Deleting it has failed.
    Stuck,
}

impl Cluster {
    pub(super) fn stage(&self) -> Stage {
        match self.status.as_deref().unwrap_or("CREATE_IN_PROGRESS") {
            "CREATE_IN_PROGRESS" => Stage::Making,
            "CREATE_FAILED" => Stage::Failed,
            "DELETE_FAILED" => Stage::Stuck,
            status if status.starts_with("DELETE_") => Stage::Leaving,
            status if status.ends_with("_IN_PROGRESS") => Stage::Busy,
            _ => Stage::There,
        }
    }

    pub(super) fn is_labelled(&self, name: &str, value: &str) -> bool {
        self.labels.as_ref().and_then(|all| all.get(name)).and_then(Value::as_str) == Some(value)
    }

    /// Its status, and Magnum's words about it.
    pub(super) fn told(&self) -> String {
        let mut said: Vec<String> = self.status_reason.iter().filter(|text| !text.is_empty()).cloned().collect();
        for (part, fault) in self.faults.iter().flatten() {
            let fault = fault.as_str().unwrap_or_default();
            if !fault.is_empty() && !said.iter().any(|known| known.contains(fault)) {
                said.push(format!("{part}: {fault}"));
            }
        }
        let status = self.status.as_deref().unwrap_or("CREATE_IN_PROGRESS");
        if said.is_empty() { status.to_owned() } else { format!("{status}: {}", said.join("; ")) }
    }

    /// One of its nodes: the same as long as it is there.
    pub(super) fn address(&self) -> Option<IpAddr> {
        let of = |all: &Option<Vec<String>>| all.iter().flatten().filter_map(|text| text.parse().ok()).min();
        of(&self.node_addresses).or_else(|| of(&self.master_addresses))
    }
}

impl Magnum {
    /// Every cluster of that name, whosever it is: names are not unique here.
    pub(super) async fn named(&self, name: &str) -> Result<Vec<Cluster>, SystemError> {
        let mut all = self.clusters().await?;
        all.retain(|cluster| cluster.name == name);
        Ok(all)
    }

    /// Those of that name that this broker made for it, those that work first.
    pub(super) async fn ours(&self, name: &str) -> Result<Vec<Cluster>, SystemError> {
        let mut ours = self.named(name).await?;
        ours.retain(|cluster| self.is_ours(cluster));
        Ok(best_first(ours))
    }

    pub(super) fn is_ours(&self, cluster: &Cluster) -> bool {
        let machine = cluster.name.strip_prefix("hansa-").unwrap_or_default();
        cluster.is_labelled("hansa-broker", &self.connection.broker) && cluster.is_labelled("hansa-machine", machine)
    }

    /// The clusters of the project, page by page.
    pub(super) async fn clusters(&self) -> Result<Vec<Cluster>, SystemError> {
        #[derive(Deserialize)]
        struct Page {
            clusters: Vec<Cluster>,
            #[serde(default)]
            next: Option<String>,
        }
        let mut all: Vec<Cluster> = Vec::new();
        for _ in 0..PAGES {
            let last = all.last().map(|cluster| cluster.uuid.clone()).unwrap_or_default();
            let mut query = vec![("limit", PAGE)];
            if !last.is_empty() {
                query.push(("marker", &last));
            }
            let page: Page = self.magnum.json(&self.magnum.get(&["clusters"], &query, "list its clusters")).await?;
            let is_last = page.next.is_none() || page.clusters.is_empty();
            all.extend(page.clusters);
            if is_last {
                break;
            }
        }
        Ok(all)
    }

    /// All that Magnum tells of one; None where it has just gone.
    pub(super) async fn detail(&self, cluster: &Cluster) -> Result<Option<Cluster>, SystemError> {
        let action = format!("look at the cluster {}", cluster.name);
        self.magnum.maybe(&self.magnum.get(&["clusters", &cluster.uuid], &[], action)).await
    }
}

/// Those that work before those that may, before those that never will.
pub(super) fn best_first(mut clusters: Vec<Cluster>) -> Vec<Cluster> {
    clusters.sort_by_key(|cluster| {
        let rank = match cluster.stage() {
            Stage::There | Stage::Busy => 0,
            Stage::Making => 1,
            Stage::Failed => 2,
            Stage::Leaving | Stage::Stuck => 3,
        };
        (rank, cluster.uuid.clone())
    });
    clusters
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn cluster(value: Value) -> Cluster {
        let mut whole = json!({ "uuid": "u", "name": "hansa-1" });
        whole.as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        serde_json::from_value(whole).unwrap()
    }

    #[test]
    fn statuses_are_stages() {
        for (status, stage) in [
            ("CREATE_IN_PROGRESS", Stage::Making),
            ("CREATE_FAILED", Stage::Failed),
            ("CREATE_COMPLETE", Stage::There),
            ("UPDATE_IN_PROGRESS", Stage::Busy),
            ("UPDATE_FAILED", Stage::There),
            ("ROLLBACK_IN_PROGRESS", Stage::Busy),
            ("DELETE_IN_PROGRESS", Stage::Leaving),
            ("DELETE_COMPLETE", Stage::Leaving),
            ("DELETE_FAILED", Stage::Stuck),
        ] {
            assert_eq!(cluster(json!({ "status": status })).stage(), stage, "{status}");
        }
        assert_eq!(cluster(json!({ "status": null })).stage(), Stage::Making);
    }

    #[test]
    fn words_and_addresses() {
        let failed = cluster(json!({ "status": "CREATE_FAILED", "status_reason": "Failed to create",
            "faults": { "0": "ResourceInError: No valid host was found.", "1": "Failed to create" } }));
        assert_eq!(failed.told(), "CREATE_FAILED: Failed to create; 0: ResourceInError: No valid host was found.");
        let there = cluster(json!({ "status": "CREATE_COMPLETE", "status_reason": null,
            "node_addresses": ["10.0.0.9", "10.0.0.10"], "master_addresses": ["10.0.0.1"] }));
        assert_eq!((there.told().as_str(), there.address()), ("CREATE_COMPLETE", Some([10, 0, 0, 9].into())));
    }
}
