//! What alert rules ask of: of a project it is measured by the orchestrator, of
//! the broker itself it is what `/metrics` tells.

use super::{Broker, routes::health};
use async_trait::async_trait;
use hansa_assurance::{
    Labels,
    alert::{Gauge, Measured, Sampled},
};
use hansa_ontology::ProjectId;
use hansa_scaling::exposition_series;
use std::{collections::BTreeMap, time::Duration};

/// How long measuring may take: with what is calculated then, shorter than the lease of a round.
const MEASURED_WITHIN: Duration = Duration::from_secs(20);

/// Measures what rules ask of.
#[derive(Debug)]
pub(crate) struct Meter(pub(crate) Broker);

#[async_trait]
impl Gauge for Meter {
    async fn measure(&self, project: Option<&ProjectId>) -> Measured {
        let measuring = async {
            match project {
                Some(project) => self.0.orchestrator.project_measured(project).await.map_err(|error| error.to_string()),
                None => health::told(&self.0).await.map(|text| counted(&text)).map_err(|error| error.to_string()),
            }
        };
        let measured = tokio::time::timeout(MEASURED_WITHIN, measuring).await;
        let late = |_| Err(format!("measuring took more than {} s", MEASURED_WITHIN.as_secs()));
        measured.unwrap_or_else(late).unwrap_or_else(|why| {
            tracing::debug!(%why, "what alert rules ask of can't be measured now");
            // All of it is missing.
            let why = format!("nothing can be measured now: {why}");
            Measured { samples: Vec::new(), lacks: BTreeMap::from([(String::new(), why)]) }
        })
    }
}

/// What stands in a page of metrics.
fn counted(text: &str) -> Measured {
    let samples = exposition_series(text).map(|(metric, labels, value)| Sampled {
        metric: metric.to_owned(),
        labels: Labels::new(labels),
        value,
    });
    Measured { samples: samples.collect(), lacks: BTreeMap::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_broker_counts_can_be_asked() {
        let metrics = crate::metrics::Metrics::new();
        metrics.set_faults([("host-lost", "major", "open", 3)].into_iter());
        let measured = counted(&metrics.encode().unwrap());
        let faults = measured.samples.iter().find(|one| one.metric == "hansa_faults").unwrap();
        assert_eq!((faults.labels.get("kind"), faults.value), (Some("host-lost"), 3.0));
    }
}
