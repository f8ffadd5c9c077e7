//! Why something doesn't work, as the cluster's events tell: asked only where
//! the objects themselves don't say it, and not in every round.

use super::{
    Kubernetes,
    judge::failed,
    record::{Container, Controller, Makes, PodRecord},
};
use crate::connectors::{Activity, Observation};
use hansa_kubernetes_client::bounded;
use hansa_ontology::WorkloadId;
use k8s_openapi::api::core::v1::Event;
use kube::{Api, api::ListParams};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// So long an answer holds.
const HOLDS: Duration = Duration::from_secs(4);

/// What was said last of each workload, and when it was asked.
pub(super) type Said = Mutex<HashMap<WorkloadId, (Instant, Option<String>)>>;

impl Kubernetes {
    /// The observation, with the reason that only events tell.
    pub(super) async fn explained(
        &self,
        mut seen: Observation,
        controller: Option<&Controller>,
        pods: &[PodRecord],
    ) -> Observation {
        let Some(controller) = controller else { return seen };
        let sick = pods.iter().find(|pod| {
            pod.run == controller.run
                && pod.was_ready
                && !pod.ready
                && !pod.deleting
                && pod.container == Container::Running
        });
        match (&seen.activity, sick) {
            (Activity::Running { .. }, Some(pod)) if matches!(seen.verdict, Some(Err(_))) => {
                if let Some(why) = self.why(controller, &pod.uid).await {
                    seen.verdict = Some(Err(why));
                }
            }
            // Sets and jobs keep it for themselves that they may not make their pod.
            (Activity::Starting, _) if controller.kind != Makes::Deployment => {
                if let Some(why) = self.why(controller, &controller.uid).await {
                    seen.activity = failed(&why);
                }
            }
            _ => {}
        }
        seen
    }

    /// The latest warning about an object. None where there is none, or nobody answers.
    async fn why(&self, of: &Controller, uid: &str) -> Option<String> {
        {
            let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((at, known)) = said.get(&of.workload)
                && at.elapsed() < HOLDS
            {
                return known.clone();
            }
        }
        let api: Api<Event> = self.api(&of.namespace);
        let which = ListParams::default().fields(&format!("involvedObject.uid={uid},type=Warning"));
        let found = self.cluster.call("list Events", api.list(&which)).await.ok();
        let latest = found.and_then(|list| list.items.into_iter().max_by_key(when));
        let why = latest.map(|event| {
            let words = [event.reason.unwrap_or_default(), event.message.unwrap_or_default()];
            bounded(&words.iter().filter(|word| !word.is_empty()).cloned().collect::<Vec<_>>().join(": "))
        });
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.retain(|_, (at, _)| at.elapsed() < HOLDS);
        said.insert(of.workload, (Instant::now(), why.clone()));
        why
    }
}

/// Seconds since 1970.
fn when(event: &Event) -> i64 {
    let times = [
        event.last_timestamp.as_ref().map(|time| time.0.as_second()),
        event.event_time.as_ref().map(|time| time.0.as_second()),
        event.metadata.creation_timestamp.as_ref().map(|time| time.0.as_second()),
    ];
    times.into_iter().flatten().max().unwrap_or(0)
}
