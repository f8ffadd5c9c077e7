//! What pods use, as the cluster's metrics API tells it (`metrics.k8s.io/v1beta1`,
//! which the metrics server serves). Asked for a whole namespace at once, and
//! no more often than there is something new.

use super::{Kubernetes, Place, record::Container};
use crate::model::{CpuUsage, Usage};
use chrono::{DateTime, Utc};
use hansa_kubernetes_client::thousandths;
use hansa_repository::system::{SystemError, SystemErrorKind};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::Mutex;

/// How long an answer is taken for the newest: the metrics server itself
/// measures every 15 s.
const FRESH: Duration = Duration::from_secs(5);
/// How long a cluster without such an API is left alone.
const LEFT_ALONE: Duration = Duration::from_secs(60);

type Pods = BTreeMap<String, Usage>;
/// When it was asked, and what was told.
type Answer = (Instant, Result<Arc<Pods>, SystemError>);

/// What was told of each namespace, and when.
#[derive(Debug, Default)]
pub(super) struct Told(Mutex<HashMap<String, Answer>>);

#[derive(Debug, Deserialize)]
struct PodMetricsList {
    items: Vec<PodMetrics>,
}

#[derive(Debug, Deserialize)]
struct PodMetrics {
    metadata: Metadata,
    timestamp: DateTime<Utc>,
    containers: Vec<ContainerMetrics>,
}

#[derive(Debug, Deserialize)]
struct Metadata {
    name: String,
}

#[derive(Debug, Deserialize)]
struct ContainerMetrics {
    usage: BTreeMap<String, String>,
}

impl Kubernetes {
    /// What a workload's pod uses. None: it has none, or nothing is known of it yet.
    pub(super) async fn used(&self, place: &Place) -> Result<Option<Usage>, SystemError> {
        let (_, pods) = self.cache.of(place.workload);
        let running = pods.iter().filter(|pod| !pod.deleting && pod.container == Container::Running);
        let Some(pod) = running.max_by_key(|pod| (pod.run, pod.created)) else { return Ok(None) };
        Ok(self.told_of(&pod.namespace).await?.get(&*pod.name).copied())
    }

    async fn told_of(&self, namespace: &str) -> Result<Arc<Pods>, SystemError> {
        // Held while it is asked: others of the namespace wait for the same answer.
        let mut told = self.used.0.lock().await;
        let known = told.get(namespace).filter(|(at, answer)| {
            let age = if answer.is_ok() { FRESH } else { LEFT_ALONE };
            at.elapsed() < age
        });
        if let Some((_, answer)) = known {
            return answer.clone();
        }
        told.retain(|_, (at, _)| at.elapsed() < LEFT_ALONE);
        let answer = self.ask(namespace).await;
        told.insert(namespace.to_owned(), (Instant::now(), answer.clone()));
        answer
    }

    async fn ask(&self, namespace: &str) -> Result<Arc<Pods>, SystemError> {
        let path = format!("/apis/metrics.k8s.io/v1beta1/namespaces/{namespace}/pods");
        let action = "ask what its pods use";
        let invalid = |said: String| SystemError {
            system: self.cluster.system().to_owned(),
            kind: SystemErrorKind::Invalid,
            action: action.to_owned(),
            said,
            remedy: "look at the cluster's metrics server".to_owned(),
        };
        let request = http::Request::get(path).body(Vec::new()).map_err(|error| invalid(error.to_string()))?;
        let client = self.cluster.client();
        let list = self.cluster.maybe(action, client.request::<PodMetricsList>(request)).await?;
        let Some(list) = list else {
            return Err(SystemError {
                kind: SystemErrorKind::Unsupported,
                remedy: "it has no metrics API (metrics.k8s.io): install the metrics server".to_owned(),
                ..invalid(String::new())
            });
        };
        Ok(Arc::new(list.items.into_iter().filter_map(read).collect()))
    }
}

/// All containers of a pod together. None: an amount is none.
fn read(pod: PodMetrics) -> Option<(String, Usage)> {
    let sum = |name: &str| {
        let amounts = pod.containers.iter().map(|one| one.usage.get(name).and_then(|text| thousandths(text)));
        amounts.sum::<Option<u128>>().and_then(|sum| u64::try_from(sum).ok())
    };
    let cpu = CpuUsage::Rate { milli: sum("cpu")? };
    let usage = Usage { cpu, memory_bytes: sum("memory")? / 1_000, network: None, at: pod.timestamp };
    Some((pod.metadata.name, usage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_containers_of_a_pod_together() {
        let told = serde_json::json!({
            "metadata": { "name": "web-0" }, "timestamp": "2026-11-22T12:00:00Z", "window": "15.25s",
            "containers": [
                { "name": "a", "usage": { "cpu": "125000000n", "memory": "2Mi" } },
                { "name": "b", "usage": { "cpu": "25m", "memory": "1024Ki" } }
            ]
        });
        let (name, usage) = read(serde_json::from_value(told).unwrap()).unwrap();
        assert_eq!((name.as_str(), usage.memory_bytes), ("web-0", 3 << 20));
        assert_eq!(usage.cpu, CpuUsage::Rate { milli: 150 });
    }
}
